'use strict'

const { credentialsFor, isRejection, isStream, renewing } = require('./renewal.js')

// These sign without a request.
const SIGNING = ['signatureUrl', 'calculatePostSignature', 'getRtmpUrl', 'signPostObjectPolicyV4']
const SIGNING_LATER = ['asyncSignatureUrl', 'signatureUrlV4']

function createClient(OSS, provider, name, options) {
  // The constructor wants an AccessKey at once, and makes no use of it.
  const client = new OSS({ ...options, accessKeyId: name, accessKeySecret: name })
  // For whoever reads the options; getters, so that nothing that prints a client shows the secret.
  for (const field of ['accessKeyId', 'accessKeySecret']) {
    Object.defineProperty(client.options, field, {
      get: () => provider.credentialsSync(name)[field],
      set: () => {},
      configurable: true,
      enumerable: true,
    })
  }
  const wrap = (method, wrapper) => {
    if (typeof client[method] !== 'function') return
    const original = client[method]
    Object.defineProperty(client, method, { value: wrapper(original), configurable: true, writable: true })
  }
  wrap('request', (original) => async (parameters) => {
    // Some methods of the client take an error for an answer and make an error of it later.
    const answers = new WeakMap()
    const attempt = async () => {
      const answer = await original.call(pinned(client, await credentialsFor(provider, name)), parameters)
      if (answer.status >= 400) {
        const error = await client.requestError(answer)
        if (isRejection(provider, error)) {
          answers.set(error, answer)
          throw error
        }
      }
      return answer
    }
    try {
      return await renewing(attempt, { repeatable: !isStream(parameters.stream) })
    } catch (error) {
      if (answers.has(error)) return answers.get(error)
      throw error
    }
  })
  for (const method of SIGNING) {
    wrap(
      method,
      (original) =>
        (...parameters) =>
          original.apply(pinned(client, provider.credentialsSync(name)), parameters),
    )
  }
  for (const method of SIGNING_LATER) {
    wrap(
      method,
      (original) =>
        async (...parameters) =>
          original.apply(pinned(client, await provider.credentials(name)), parameters),
    )
  }
  return client
}

// The client with one AccessKey for one call, whatever is rotated meanwhile.
function pinned(client, { accessKeyId, accessKeySecret }) {
  const options = Object.create(client.options, {
    accessKeyId: { value: accessKeyId },
    accessKeySecret: { value: accessKeySecret },
  })
  return Object.create(client, { options: { value: options } })
}

module.exports = { createClient }
