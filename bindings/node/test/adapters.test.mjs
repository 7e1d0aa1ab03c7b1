// The adapters with the SDKs themselves, through a rotation without overlap.

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { Readable } from 'node:stream'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { inspect } from 'node:util'
import { Provider } from 'kmsak'
import * as aliOss from 'kmsak/adapters/ali-oss'
import * as credentials from 'kmsak/adapters/credentials'
import * as popCore from 'kmsak/adapters/pop-core'
import { APP, Kms } from './fixture.mjs'
import { Service } from './service.mjs'

const require = createRequire(import.meta.url)
const Credential = require('@alicloud/credentials').default
const { default: OpenApi, $OpenApiUtil } = require('@alicloud/openapi-core')
const { RuntimeOptions } = createRequire(require.resolve('@alicloud/openapi-core'))('@darabonba/typescript')
const { RPCClient, ROAClient } = require('@alicloud/pop-core')
const Sts = require('@alicloud/sts20150401').default
const OSS = require('ali-oss')

let kms, provider
before(async () => (kms = await Kms.start()))
after(() => kms.stop())
beforeEach(async () => (provider = await Provider.fromFile(kms.file)))
afterEach(async () => {
  provider.close()
  await kms.noFaults()
})

function sts(credential) {
  return new Sts(
    new $OpenApiUtil.Config({
      credential,
      endpoint: new URL(kms.ready.endpoints.sts).host,
      protocol: 'http',
      connectTimeout: 60_000,
      readTimeout: 60_000,
    }),
  )
}

function pop(config = {}) {
  return popCore.createClient(RPCClient, provider, APP, {
    endpoint: kms.ready.endpoints.sts,
    apiVersion: '2015-04-01',
    opts: { timeout: 60_000 },
    ...config,
  })
}

function oss(options = {}) {
  return aliOss.createClient(OSS, provider, APP, {
    endpoint: kms.ready.endpoints.oss,
    region: 'oss-cn-hangzhou',
    ...options,
  })
}

// The calls that each adapter is for, and how its SDK writes a rejection.
const clients = {
  '@alicloud/credentials, as a credential': () => {
    const client = credentials.renewing(sts(credentials.credential(provider, APP)))
    return () => client.getCallerIdentity()
  },
  '@alicloud/credentials, as a provider of its Credential': () => {
    const client = credentials.renewing(sts(new Credential(null, credentials.credentialsProvider(provider, APP))))
    return () => client.getCallerIdentity()
  },
  '@alicloud/pop-core': () => {
    const client = pop()
    return () => client.request('GetCallerIdentity', {})
  },
  '@alicloud/pop-core, by POST': () => {
    const client = pop()
    return () => client.request('GetCallerIdentity', {}, { method: 'POST' })
  },
  'ali-oss': () => {
    const client = oss()
    return () => client.listBuckets()
  },
  'ali-oss with V4 signatures': () => {
    const client = oss({ authorizationV4: true })
    return () => client.listBuckets()
  },
  'ali-oss with retries of its own': () => {
    const client = oss({ retryMax: 2 })
    return () => client.listBuckets()
  },
}

for (const [name, open] of Object.entries(clients)) {
  test(`${name}: no call fails through rotations without overlap`, async () => {
    const call = open()
    await call()
    for (let round = 0; round < 3; round++) {
      await kms.rotate()
      await call()
      await call()
    }
    await kms.rotate()
    await Promise.all(Array.from({ length: 20 }, call))
    const app = provider.stats().secrets.find(({ name }) => name === APP)
    assert.equal(app.renewals, 4)
  })

  test(`${name}: other errors pass`, async () => {
    const call = open()
    await call()
    const { renewals } = provider.stats().secrets[0]
    await kms.fault({ kind: 'error', status: 400, code: 'InvalidParameter', endpoints: ['sts', 'oss'] })
    await assert.rejects(call(), /InvalidParameter|emulator|fault|told/i)
    assert.equal(provider.stats().secrets[0].renewals, renewals)
  })
}

test('a rejection for ever is tried twice and no more', async () => {
  const call = clients['@alicloud/pop-core']()
  await call()
  const since = await kms.now()
  await kms.fault({ kind: 'error', status: 404, code: 'InvalidAccessKeyId.NotFound', endpoints: ['sts'] })
  await kms.rotate()
  await assert.rejects(call(), { code: 'InvalidAccessKeyId.NotFound' })
  const { events } = await kms.admin('GET', `/events?since=${since}`)
  assert.equal(events.filter(({ endpoint }) => endpoint === 'sts').length, 2)
})

test('when KMS is away, the SDK’s own error comes through', async () => {
  provider.close()
  provider = new Provider(kms.options({ renewDeadline: 1000 }))
  const call = clients['ali-oss']()
  await call()
  await kms.rotate()
  await kms.fault({ kind: 'drop_connection', endpoints: ['instance'] })
  await assert.rejects(call(), { code: 'InvalidAccessKeyId' })
})

test('a stream is not sent twice, but the next call has the new AccessKey', async () => {
  const client = oss({ bucket: 'a-bucket' })
  await client.listBuckets()
  const { newAccessKeyId } = await kms.rotate()
  await kms.fault({ kind: 'error', status: 403, code: 'InvalidAccessKeyId', endpoints: ['oss'], times: 1 })
  await assert.rejects(client.putStream('key', Readable.from(['x'])))
  assert.equal(provider.credentialsSync(APP).accessKeyId, newAccessKeyId)
  await client.listBuckets()
})

test('each of two clients in one process renews its own secret', async () => {
  await kms.admin('POST', '/users', { name: 'second' })
  await kms.admin('POST', '/secrets', { user: 'second' })
  const other = popCore.createClient(RPCClient, provider, 'acs/ram/user/second', {
    endpoint: kms.ready.endpoints.sts,
    apiVersion: '2015-04-01',
    opts: { timeout: 60_000 },
  })
  const mine = pop()
  const identities = async () =>
    (await Promise.all([mine, other].map((client) => client.request('GetCallerIdentity', {})))).map(({ Arn }) => Arn)
  const before = await identities()
  await kms.rotate()
  await kms.rotate('acs/ram/user/second')
  assert.deepEqual(await identities(), before)
  assert.match(before[1], /second/)
})

test('ali-oss signs URLs with the AccessKey of the hour', async () => {
  const client = oss({ bucket: 'a-bucket', endpoint: 'https://oss-cn-hangzhou.aliyuncs.com' })
  await provider.credentials(APP)
  assert.match(client.signatureUrl('key'), new RegExp(provider.credentialsSync(APP).accessKeyId))
  const { newAccessKeyId } = await kms.rotate()
  await provider.refresh(APP)
  assert.match(client.signatureUrl('key'), new RegExp(newAccessKeyId))
  assert.match(await client.asyncSignatureUrl('key'), new RegExp(newAccessKeyId))
  assert.match(await client.signatureUrlV4('GET', 60, {}, 'key'), new RegExp(newAccessKeyId))
  assert.equal(
    client.calculatePostSignature({ expiration: '2030-01-01T00:00:00Z', conditions: [] }).OSSAccessKeyId,
    newAccessKeyId,
  )
  assert.equal(client.options.accessKeyId, newAccessKeyId)
})

test('nothing that prints a client prints the secret', async () => {
  const { accessKeySecret } = await provider.credentials(APP)
  const all = [
    oss(),
    pop(),
    credentials.renewing(sts(credentials.credential(provider, APP))),
    credentials.credential(provider, APP),
  ]
  await Promise.all([all[0].listBuckets(), all[1].request('GetCallerIdentity', {}), all[2].getCallerIdentity()])
  for (const client of all) assert.ok(!inspect(client, { depth: 8, showHidden: true }).includes(accessKeySecret))
})

test('the old forms of a credential', async () => {
  const credential = credentials.credential(provider, APP)
  const current = await provider.credentials(APP)
  assert.equal(await credential.getAccessKeyId(), current.accessKeyId)
  assert.equal(await credential.getAccessKeySecret(), current.accessKeySecret)
  assert.equal(await credential.getSecurityToken(), '')
  assert.equal(credential.getType(), 'access_key')
  assert.equal(credential.getBearerToken(), '')
  assert.throws(() => credentials.renewing({}), TypeError)
})

// What the emulator's STS does not speak: ROA, and events sent by the server.
const refusal = JSON.stringify({
  Code: 'InvalidAccessKeyId.NotFound',
  Message: 'Specified access key is not found.',
  RequestId: '1',
  HostId: 'h',
})
function reject(_request, response) {
  response.writeHead(404, { 'content-type': 'application/json' })
  response.end(refusal)
}
function answer({ url }, response) {
  if (url.startsWith('/events')) {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write('data: 1\n\n')
    setImmediate(() => (url.includes('broken') ? response.destroy() : response.end('data: 2\n\ndata: 3\n\n')))
  } else {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end('{"RequestId":"1"}')
  }
}

async function withService(use) {
  const service = await Service.start({ answer, reject })
  try {
    service.accepted = (await provider.credentials(APP)).accessKeyId
    const rotate = async () => {
      service.accepted = (await kms.rotate()).newAccessKeyId
      service.requests.length = 0
    }
    await use(service, rotate)
  } finally {
    await service.stop()
  }
}

test('ROAClient of @alicloud/pop-core', () =>
  withService(async (service, rotate) => {
    const client = popCore.createClient(ROAClient, provider, APP, {
      endpoint: `http://${service.host}`,
      apiVersion: '2015-04-01',
      opts: { timeout: 60_000 },
    })
    assert.equal((await client.get('/path')).RequestId, '1')
    await rotate()
    assert.equal((await client.put('/path', {}, 'a body')).RequestId, '1')
    assert.deepEqual(service.requests, ['PUT /path rejected', 'PUT /path accepted'])
    // With rawBody an error is an answer like any other, as the documentation says.
    await rotate()
    assert.equal(await client.get('/path', {}, {}, { rawBody: true }), refusal)
    assert.deepEqual(service.requests, ['GET /path rejected'])
  }))

test('events sent by the server', () =>
  withService(async (service, rotate) => {
    const config = new $OpenApiUtil.Config({
      credential: credentials.credential(provider, APP),
      endpoint: service.host,
      protocol: 'http',
      connectTimeout: 60_000,
      readTimeout: 60_000,
    })
    const client = credentials.renewing(new OpenApi(config))
    const events = (pathname) => {
      const params = new $OpenApiUtil.Params({
        action: 'Listen',
        version: '2020-01-01',
        protocol: 'HTTP',
        pathname,
        method: 'GET',
        authType: 'AK',
        style: 'ROA',
        reqBodyType: 'json',
        bodyType: 'json',
      })
      return client.callSSEApi(params, new $OpenApiUtil.OpenApiRequest({}), new RuntimeOptions({}))
    }
    const heard = async (events) => {
      const data = []
      for await (const { event } of events) data.push(event.data)
      return data
    }
    await rotate()
    assert.deepEqual(await heard(events('/events')), ['1', '2', '3'])
    assert.deepEqual(service.requests, ['GET /events rejected', 'GET /events accepted'])
    // Whoever has heard enough leaves nothing behind.
    await rotate()
    for await (const { event } of events('/events')) {
      assert.equal(event.data, '1')
      break
    }
    assert.deepEqual(service.requests, ['GET /events rejected', 'GET /events accepted'])
    // Nobody hears an event twice.
    const { renewals } = provider.stats().secrets[0]
    await assert.rejects(heard(events('/events/broken')))
    assert.equal(service.requests.filter((request) => request.includes('broken')).length, 1)
    assert.equal(provider.stats().secrets[0].renewals, renewals)
  }))
