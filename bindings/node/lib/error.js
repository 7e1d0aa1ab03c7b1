'use strict'

class KmsakError extends Error {
  constructor(message, { kind, code, requestId, retryable = false, httpStatus, cause } = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.kind = kind
    this.code = code
    this.requestId = requestId
    this.retryable = retryable
    this.httpStatus = httpStatus
  }

  toJSON() {
    const { name, message, kind, code, requestId, retryable, httpStatus } = this
    return { name, message, kind, code, requestId, retryable, httpStatus }
  }
}

// On the prototype, as in Node's own errors, so that the stack begins with it and inspect does not repeat it.
Object.defineProperty(KmsakError.prototype, 'name', {
  value: 'KmsakError',
  configurable: true,
  writable: true,
})

// What the native half answers when something failed.
function fromFailure(failure) {
  return new KmsakError(failure.message, failure)
}

function timedOut(timeout) {
  return new KmsakError(
    `there is no answer after ${timeout} ms: the fetch goes on, so ask again, or allow a longer timeout`,
    { kind: 'network', retryable: true },
  )
}

module.exports = { KmsakError, fromFailure, timedOut }
