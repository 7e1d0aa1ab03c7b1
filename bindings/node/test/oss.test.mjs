// Objects up and down through rotations without overlap, with ali-oss itself. The emulator's OSS knows only buckets, so the
// objects are in a fake here.

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { Provider } from 'kmsak'
import { createClient } from 'kmsak/adapters/ali-oss'
import { APP, Kms } from './fixture.mjs'
import { Service } from './service.mjs'

const OSS = createRequire(import.meta.url)('ali-oss')
const SMALL = Buffer.from('small')
const LARGE = Buffer.alloc(350 * 1024, 'large')

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

test('what is called when an answer has ended is renewed as well', async () => {
  objects.set('/key', [LARGE])
  const { stream } = await client.getStream('key')
  await rotate()
  await new Promise((resolve, reject) => {
    stream.on('end', () => client.put('other', SMALL).then(resolve, reject)).resume()
  })
  assert.deepEqual(stored('/other'), SMALL)
})
