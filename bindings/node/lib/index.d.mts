export * from './index.js'
import * as kmsak from './index.js'
export default kmsak
