'use strict'

const { Download } = require('./download.js')
const { credentialsFor, isRejection, isStream, renewing } = require('./renewal.js')

// These sign without a request.
const SIGNING = ['signatureUrl', 'calculatePostSignature', 'getRtmpUrl', 'signPostObjectPolicyV4']
const SIGNING_LATER = ['asyncSignatureUrl', 'signatureUrlV4']

function createClient(OSS, provider, name, options) {
  // The constructor wants an AccessKey at once, and makes no use of it.
  const client = new OSS({ ...options, accessKeyId: name, accessKeySecret: name })
  // For whoever reads the options. Getters that are not enumerable, so that nothing that prints or copies a client
  // takes the secret along, or waits for KMS.
  for (const field of ['accessKeyId', 'accessKeySecret']) {
    Object.defineProperty(client.options, field, {
      get: () => provider.credentialsSync(name)[field],
      set: () => {},
      configurable: true,
      enumerable: false,
    })
  }
  const wrap = (method, wrapper) => {
    if (typeof client[method] !== 'function') return
    const original = client[method]
    Object.defineProperty(client, method, { value: wrapper(original), configurable: true, writable: true })
  }
  // A part of an upload is sent as a stream, which can be made again from the file or Buffer.
  const remakes = new WeakMap()
  wrap('_createStream', (original) => (...parameters) => {
    const make = () => original.apply(client, parameters)
    const stream = make()
    if (stream !== parameters[0]) remakes.set(stream, make)
    return stream
  })
  wrap('request', (original) => (parameters) => {
    const send = (pinned, sent) => original.call(pinned, sent)
    return request(client, provider, name, { send, parameters, remake: remakes.get(parameters.stream) })
  })
  // Sends a file as a stream that it opens anew each time.
  wrap('put', (original) => (...parameters) => {
    const repeatable = !isStream(parameters[1])
    return renewing(() => original.apply(client, parameters), { repeatable })
  })
  for (const method of SIGNING) {
    wrap(
      method,
      (original) =>
        (...parameters) =>
          original.apply(pin(client, provider.credentialsSync(name)), parameters),
    )
  }
  for (const method of SIGNING_LATER) {
    wrap(
      method,
      (original) =>
        async (...parameters) =>
          original.apply(pin(client, await provider.credentials(name)), parameters),
    )
  }
  return client
}

async function request(client, provider, name, { send, parameters, remake }) {
  const download = parameters.writeStream ? new Download(parameters.writeStream) : undefined
  // Some methods of the client take an error for an answer and make an error of it later.
  const answers = new WeakMap()
  let sent
  const attempt = async () => {
    sent = sent !== undefined && remake !== undefined ? { ...parameters, stream: remake() } : parameters
    try {
      const answer = await send(pin(client, await credentialsFor(provider, name), download), sent)
      if (answer.status >= 400) {
        const error = await client.requestError(answer)
        if (isRejection(provider, error)) {
          answers.set(error, answer)
          throw error
        }
      }
      return answer
    } finally {
      // A service that rejects does not read it to its end.
      if (remake !== undefined) sent.stream.destroy()
    }
  }
  try {
    return await renewing(attempt, { repeatable: !isStream(parameters.stream) || remake !== undefined })
  } catch (error) {
    download?.fail()
    if (answers.has(error)) return answers.get(error)
    throw error
  }
}

// The client with one AccessKey for one call, whatever is rotated meanwhile.
function pin(client, { accessKeyId, accessKeySecret }, download) {
  const options = Object.create(client.options, {
    accessKeyId: { value: accessKeyId },
    accessKeySecret: { value: accessKeySecret },
  })
  const urllib = { request: (url, parameters) => exchange(client.urllib, url, parameters, download) }
  return Object.create(client, { options: { value: options }, urllib: { value: urllib } })
}

// ali-oss does not look at what an error says when the answer was to be streamed.
async function exchange(urllib, url, parameters, download) {
  if (download !== undefined) return download.answered(urllib.request(url, download.into(parameters)))
  const answer = await urllib.request(url, parameters)
  if (!parameters.customResponse || answer.status < 400) return answer
  const said = []
  for await (const part of answer.res) said.push(part)
  return { ...answer, data: Buffer.concat(said), res: undefined }
}

module.exports = { createClient }
