'use strict'

const { fromFailure } = require('./error.js')

function fromNative(stats) {
  for (const secret of stats.secrets) {
    if (secret.lastError !== undefined) secret.lastError = fromFailure(secret.lastError)
  }
  for (const clientKey of stats.clientKeys) {
    clientKey.notBefore = new Date(clientKey.notBefore)
    clientKey.notAfter = new Date(clientKey.notAfter)
  }
  for (const identity of stats.identities) {
    if (identity.lastError !== undefined) identity.lastError = fromFailure(identity.lastError)
    if (identity.expires !== undefined) identity.expires = new Date(identity.expires)
  }
  return stats
}

module.exports = { fromNative }
