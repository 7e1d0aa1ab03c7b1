'use strict'

const { getSystemErrorName } = require('node:util')

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
function fromFailure({ message, cause, osCode, ...parts }) {
  return new KmsakError(message, { ...parts, cause: cause === undefined ? undefined : systemError(cause, osCode) })
}

// With the properties that Node's own errors of the system have.
function systemError(words, osCode) {
  const error = new Error(words)
  // It did not happen here.
  error.stack = String(error)
  // Windows has numbers of its own, which Node's names do not fit.
  if (osCode !== undefined && process.platform !== 'win32') {
    error.errno = -osCode
    error.code = getSystemErrorName(-osCode)
  }
  return error
}

function openedLate(timeout) {
  return new KmsakError(
    `the provider is not open after ${timeout} ms: look for a file system that hangs, or allow a longer timeout`,
    { kind: 'network', retryable: true },
  )
}

// Says in a service's error why nothing could be done about it, unless the error has a cause of its own.
function because(error, cause) {
  if (error instanceof Error && error.cause === undefined && Object.isExtensible(error)) {
    Object.defineProperty(error, 'cause', { value: cause, configurable: true, writable: true })
  }
  return error
}

module.exports = { KmsakError, because, fromFailure, openedLate }
