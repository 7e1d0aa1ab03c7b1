'use strict'

const { credentialsFor, isStream, renewing } = require('./renewal.js')

const TYPE = 'access_key'
const PROVIDER_NAME = 'kmsak'

// What `new Credential(null, ...)` of @alicloud/credentials takes.
function credentialsProvider(provider, name) {
  return {
    async getCredentials() {
      const { accessKeyId, accessKeySecret } = await credentialsFor(provider, name)
      return { accessKeyId, accessKeySecret, securityToken: '', providerName: PROVIDER_NAME }
    },
    getProviderName() {
      return PROVIDER_NAME
    },
  }
}

// What the V2.0 SDKs take as `credential`.
function credential(provider, name) {
  return {
    async getCredential() {
      const { accessKeyId, accessKeySecret } = await credentialsFor(provider, name)
      return { accessKeyId, accessKeySecret, type: TYPE, providerName: PROVIDER_NAME }
    },
    async getAccessKeyId() {
      return (await credentialsFor(provider, name)).accessKeyId
    },
    async getAccessKeySecret() {
      return (await credentialsFor(provider, name)).accessKeySecret
    },
    async getSecurityToken() {
      return ''
    },
    getBearerToken() {
      return ''
    },
    getType() {
      return TYPE
    },
  }
}

// All calls of a V2.0 client go through these, which are public; they may call each other.
const REQUESTS = ['callApi', 'execute', 'doRequest', 'doRPCRequest', 'doROARequest', 'doROARequestWithForm']

function renewingClient(client) {
  const methods = REQUESTS.filter((method) => typeof client?.[method] === 'function')
  if (methods.length === 0) throw new TypeError('renewing takes a client of a V2.0 SDK of Alibaba Cloud')
  for (const method of methods) {
    const original = client[method]
    const renewingMethod = (...parameters) => {
      const repeatable = !parameters.some((one) => isStream(one?.body) || isStream(one?.stream))
      return renewing(() => original.apply(client, parameters), { repeatable })
    }
    Object.defineProperty(client, method, { value: renewingMethod, configurable: true, writable: true })
  }
  return client
}

module.exports = { credential, credentialsProvider, renewing: renewingClient }
