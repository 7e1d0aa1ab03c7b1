import kmsak from './index.js'

// The same objects as for require(): instanceof and the cache hold across both.
export const { Credentials, KmsakError, Provider, Secret, forwardLogs } = kmsak
export default kmsak
