// Objects up and down through rotations without overlap, with ali-oss itself. The emulator's OSS knows only buckets, so the
// objects are in a fake here.

import assert from 'node:assert/strict'
import { createReadStream } from 'node:fs'
import { access, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { Readable, Writable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { inspect } from 'node:util'
import { Provider } from 'kmsak'
import { createClient } from 'kmsak/adapters/ali-oss'
import { APP, Kms } from './fixture.mjs'
import { Service } from './service.mjs'

const OSS = createRequire(import.meta.url)('ali-oss')
const SMALL = Buffer.from('small')
// Three parts and a bit.
const LARGE = Buffer.alloc(350 * 1024, 'large')
const partSize = 100 * 1024

let kms, provider, service, client, small, large
const objects = new Map()

function refusal(code) {
  return `<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message><RequestId>1</RequestId></Error>`
}

function answer(request, response) {
  const url = new URL(request.url, 'http://oss')
  const key = url.pathname
  const part = url.searchParams.get('partNumber')
  response.setHeader('etag', '"etag"')
  if (request.method === 'PUT' && part !== null) objects.get(key)[part - 1] = request.body
  else if (request.method === 'PUT') objects.set(key, [request.body])
  else if (request.method === 'GET' && !objects.has(key)) {
    response.writeHead(404)
    return response.end(refusal('NoSuchKey'))
  } else if (request.method === 'GET') return response.end(Buffer.concat(objects.get(key)))
  else if (url.searchParams.has('append')) objects.set(key, [...(objects.get(key) ?? []), request.body])
  else if (url.searchParams.has('uploads')) {
    objects.set(key, [])
    return response.end('<R><UploadId>1</UploadId></R>')
  }
  response.end('<R></R>')
}

function reject(_request, response) {
  response.writeHead(403, { 'content-type': 'application/xml' })
  response.end(refusal('InvalidAccessKeyId'))
}

before(async () => {
  kms = await Kms.start()
  service = await Service.start({ answer, reject })
  small = path.join(kms.folder, 'small.txt')
  large = path.join(kms.folder, 'large.bin')
  await writeFile(small, SMALL)
  await writeFile(large, LARGE)
})
after(() => Promise.all([kms.stop(), service.stop()]))
beforeEach(async () => {
  provider = await Provider.fromFile(kms.file)
  service.accepted = (await provider.credentials(APP)).accessKeyId
  client = open()
  objects.clear()
})
afterEach(async () => {
  provider.close()
  await kms.noFaults()
})

function open(options = {}) {
  return createClient(OSS, provider, APP, {
    endpoint: `http://${service.host}`,
    region: 'oss-cn-hangzhou',
    bucket: 'a-bucket',
    ...options,
  })
}

async function rotate() {
  service.accepted = (await kms.rotate()).newAccessKeyId
  service.requests.length = 0
}

function stored(key) {
  return Buffer.concat(objects.get(key))
}

// A stream of the caller's own, and what was written to it.
function own() {
  const parts = []
  const stream = new Writable({
    write(part, _encoding, done) {
      parts.push(part)
      done()
    },
  })
  return { stream, text: () => Buffer.concat(parts).toString() }
}

const uploads = {
  'put a Buffer': [SMALL, () => client.put('key', SMALL)],
  'put a file': [SMALL, () => client.put('key', small)],
  'append a file': [SMALL, () => client.append('key', small)],
  'multipartUpload of a small file': [SMALL, () => client.multipartUpload('key', small)],
  'multipartUpload of a small Buffer': [SMALL, () => client.multipartUpload('key', SMALL)],
  'multipartUpload of a file': [LARGE, () => client.multipartUpload('key', large, { partSize })],
  'multipartUpload of a Buffer': [LARGE, () => client.multipartUpload('key', LARGE, { partSize })],
}
for (const [name, [content, upload]] of Object.entries(uploads)) {
  test(`${name}, with the AccessKey rejected`, async () => {
    await rotate()
    await upload()
    assert.deepEqual(stored('/key'), content)
  })
}

for (const [name, file] of [
  ['file', () => large],
  ['Buffer', () => LARGE],
]) {
  test(`a rotation in the midst of the parts of a ${name}`, async () => {
    let rotated
    const progress = async (done) => {
      // Between the beginning and the first part, and again after some.
      if (done === 0 || (done > 0.3 && rotated === 1)) {
        rotated = (rotated ?? 0) + 1
        await rotate()
      }
    }
    await client.multipartUpload('key', file(), { partSize, parallel: 1, progress })
    assert.equal(rotated, 2)
    assert.deepEqual(stored('/key'), LARGE)
  })
}

test('one part by hand', async () => {
  objects.set('/key', [])
  await rotate()
  await client.uploadPart('key', '1', 1, large, 0, partSize)
  assert.deepEqual(stored('/key'), LARGE.subarray(0, partSize))
})

test('a stream of the caller’s is not sent twice, but renewed for the next call', async () => {
  for (const call of [
    () => client.putStream('key', Readable.from(['x'])),
    () => client.put('key', createReadStream(small)),
  ]) {
    await rotate()
    await assert.rejects(call(), { code: 'InvalidAccessKeyId' })
    assert.deepEqual(service.requests, ['PUT /key rejected'])
    assert.equal(provider.credentialsSync(APP).accessKeyId, service.accepted)
  }
})

const target = () => path.join(kms.folder, 'target')
const downloads = {
  get: async () => (await client.get('key')).content,
  'get into a file': async () => {
    const { res } = await client.get('key', target())
    assert.equal(res.status, 200)
    return readFile(target())
  },
  'get into a stream': async () => {
    const { stream, text } = own()
    await client.get('key', stream)
    assert.equal(stream.writableFinished, true)
    return Buffer.from(text())
  },
  getStream: async () => {
    const { stream, res } = await client.getStream('key')
    assert.equal(res.status, 200)
    return buffer(stream)
  },
}
for (const [name, download] of Object.entries(downloads)) {
  test(`${name}, with the AccessKey rejected`, async () => {
    objects.set('/key', [LARGE])
    assert.deepEqual(await download(), LARGE)
    await rotate()
    assert.deepEqual(await download(), LARGE)
    assert.deepEqual(service.requests, ['GET /key rejected', 'GET /key accepted'])
  })
}

test('downloads that fail fail as ever', async () => {
  const { stream, text } = own()
  await assert.rejects(client.get('none', stream), { status: 404, code: 'NoSuchKey' })
  assert.match(text(), /NoSuchKey/)
  await assert.rejects(client.getStream('none'), { status: 404, code: 'NoSuchKey' })
  await assert.rejects(client.get('none', target()), { status: 404, code: 'NoSuchKey' })
  await assert.rejects(access(target()), { code: 'ENOENT' })
  objects.set('/key', [LARGE])
  await assert.rejects(client.get('key', path.join(kms.folder, 'no', 'such', 'folder')))
  const full = new Writable({ write: (_part, _encoding, done) => done(new Error('full')) })
  await assert.rejects(client.get('key', full))
})

test('a file that cannot be opened while the first AccessKey is fetched', async () => {
  await kms.fault({ kind: 'latency', milliseconds: 200 })
  provider.close()
  provider = await Provider.fromFile(kms.file)
  await assert.rejects(open().get('key', path.join(kms.folder, 'no', 'such', 'folder')))
})

test('what is called when an answer has ended is renewed as well', async () => {
  objects.set('/key', [LARGE])
  const { stream } = await client.getStream('key')
  await rotate()
  await new Promise((resolve, reject) => {
    stream.on('end', () => client.put('other', SMALL).then(resolve, reject)).resume()
  })
  assert.deepEqual(stored('/other'), SMALL)
})

test('why there is no other AccessKey stands in the error', async () => {
  provider.close()
  provider = new Provider(kms.options({ renewDeadline: 1000 }))
  await provider.credentials(APP)
  client = open()
  await rotate()
  await kms.fault({ kind: 'drop_connection', endpoints: ['instance'] })
  await assert.rejects(client.put('key', SMALL), (error) => {
    assert.equal(error.code, 'InvalidAccessKeyId')
    assert.equal(error.cause.kind, 'network')
    return true
  })
})

test('nothing that prints or copies a client has the secret', async () => {
  const { accessKeySecret } = provider.credentialsSync(APP)
  const ways = [
    inspect(client, { depth: 8, getters: true }),
    inspect(client, { depth: 8, showHidden: true }),
    JSON.stringify(client.options),
    inspect({ ...client.options }),
    inspect(Object.assign({}, client.options)),
  ]
  for (const shown of ways) assert.ok(!shown.includes(accessKeySecret), shown)
  assert.equal(client.options.accessKeySecret, accessKeySecret)
})
