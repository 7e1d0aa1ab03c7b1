'use strict'

const { AsyncLocalStorage } = require('node:async_hooks')
const { because } = require('../lib/error.js')

// Which AccessKey the call in progress was signed with. Calls run side by side, and a client has one credential for all.
const attempts = new AsyncLocalStorage()

// The AccessKey for the call in progress.
async function credentialsFor(provider, name) {
  const credentials = await provider.credentials(name)
  const attempt = attempts.getStore()
  if (attempt !== undefined) attempt.used = { provider, name, credentials }
  return credentials
}

// Runs `f`; if the service rejects the AccessKey that `f` used, renews it and runs `f` once more.
async function renewing(f, { repeatable = true } = {}) {
  // One call of an SDK may go through several methods: the outermost renews. What runs on after a call has ended, such as
  // the handlers of its answer, inherits its store, but is no part of it.
  if (attempts.getStore()?.over === false) return f()
  const attempt = { over: false }
  try {
    return await attempted(attempt, f)
  } catch (error) {
    if (attempt.used === undefined) throw error
    const { provider, name, credentials } = attempt.used
    if (!isRejection(provider, error)) throw error
    try {
      await provider.renew(name, credentials.accessKeyId)
    } catch (reason) {
      // The service's own error says more.
      throw because(error, reason)
    }
    // A body that has been read is gone; the next call has the new AccessKey.
    if (!repeatable) throw error
    return attempted({ over: false }, f)
  }
}

async function attempted(attempt, f) {
  try {
    return await attempts.run(attempt, f)
  } finally {
    attempt.over = true
  }
}

// The same for what answers many times: once something has been answered there is no way back.
async function* renewingEach(f, options) {
  let answers
  const first = await renewing(() => {
    answers = f()
    return answers.next()
  }, options)
  if (first.done) return first.value
  let wanted = false
  try {
    yield first.value
    wanted = true
  } finally {
    if (!wanted) await answers.return()
  }
  return yield* answers
}

// The SDKs append `Error` to a service's code, in places.
function isRejection(provider, error) {
  const { code, message } = error ?? {}
  return (
    typeof code === 'string' &&
    (provider.isRejection(code, message) || provider.isRejection(code.replace(/Error$/, ''), message))
  )
}

function isStream(value) {
  return typeof value?.pipe === 'function'
}

module.exports = { credentialsFor, isRejection, isStream, renewing, renewingEach }
