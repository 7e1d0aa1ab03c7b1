'use strict'

const { credentialsFor, renewing } = require('./renewal.js')

function createClient(Client, provider, name, config) {
  const credentialsProvider = {
    async getCredentials() {
      const { accessKeyId, accessKeySecret } = await credentialsFor(provider, name)
      return { accessKeyId, accessKeySecret }
    },
  }
  const client = new Client({ ...config, credentialsProvider })
  const request = client.request
  Object.defineProperty(client, 'request', {
    value: (...parameters) => renewing(() => request.apply(client, parameters)),
    configurable: true,
    writable: true,
  })
  return client
}

module.exports = { createClient }
