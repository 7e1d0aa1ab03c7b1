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
  return stats
}

module.exports = { fromNative }
