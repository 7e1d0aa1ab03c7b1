'use strict'

const { fromFailure } = require('./error.js')

// What the native half tells, with its failures made errors.
function fromNative(told) {
  for (const [name, part] of Object.entries(told)) {
    if (Array.isArray(part)) part.forEach(fromNative)
    else if (part?.retryable !== undefined) told[name] = fromFailure(part)
  }
  return told
}

module.exports = { fromNative }
