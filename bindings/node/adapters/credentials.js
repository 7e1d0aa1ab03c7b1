'use strict'

const { credentialsFor, isStream, renewing, renewingEach } = require('./renewal.js')

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
// This one answers with one event after another.
const EVENTS = 'callSSEApi'

function renewingClient(client) {
  const methods = REQUESTS.filter((method) => typeof client?.[method] === 'function')
  if (methods.length === 0) throw new TypeError('renewing takes a client of a V2.0 SDK of Alibaba Cloud')
  for (const method of methods) wrap(client, method, renewing)
  if (typeof client[EVENTS] === 'function') wrap(client, EVENTS, renewingEach)
  return client
}

function wrap(client, method, renewed) {
  const original = client[method]
  const value = (...parameters) => {
    const repeatable = !parameters.some((one) => isStream(one?.body) || isStream(one?.stream))
    return renewed(() => original.apply(client, parameters), { repeatable })
  }
  Object.defineProperty(client, method, { value, configurable: true, writable: true })
}

module.exports = { credential, credentialsProvider, renewing: renewingClient }
