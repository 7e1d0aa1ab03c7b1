// Configuration from code, good and bad.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { KmsakError, Provider } from 'kmsak'
import { APP, Kms } from './fixture.mjs'

let kms
before(async () => (kms = await Kms.start()))
after(() => kms.stop())

function refused(options, message, kind = 'configuration') {
  assert.throws(
    () => new Provider(options),
    (error) => {
      assert.ok(error instanceof KmsakError, String(error))
      assert.equal(error.kind, kind)
      assert.match(error.message, message)
      return true
    },
  )
}

test('everything by value, through the shared gateway', async () => {
  const read = (name) => readFile(path.join(kms.dir, name))
  const provider = new Provider({
    gateways: [
      {
        type: 'shared',
        regionId: 'cn-hangzhou',
        endpoint: new URL(kms.ready.endpoints.shared).host,
        ca: await read('ca.pem'),
        clientKey: new Uint8Array(await read('clientKey.json')),
        clientKeyPassword: (await read('clientKey_Password.txt')).toString(),
        connectTimeout: 60_001,
        readTimeout: 60_002,
        ignoreSslCerts: false,
        vpc: false,
        noProxy: '*',
      },
    ],
    secretNames: [APP],
    rotationInterval: 3_600_000,
    delayInterval: 1000,
    jitterInterval: 0,
    connectTimeout: 60_003,
    readTimeout: 60_004,
    fetchDeadline: 60_005,
    renewDeadline: 60_006,
    renewTokens: 3,
    renewRefillInterval: 1000,
    rejectionCodes: ['InvalidAccessKeyId'],
    maxStale: 3_600_000,
    cacheFile: path.join(kms.dir, 'cache'),
    properties: { credentials_type: 'client_key' },
    environment: false,
    httpProxy: undefined,
    httpsProxy: null,
  })
  assert.equal((await provider.credentials(APP)).accessKeyId, (await kms.current()).AccessKeyId)
  provider.close()
})

test('a ClientKey password from the environment', async () => {
  process.env.KMSAK_TEST_PASSWORD = await readFile(path.join(kms.dir, 'clientKey_Password.txt'), 'utf8')
  const { clientKeyPasswordFile, ...rest } = kms.options({ clientKeyPasswordEnv: 'KMSAK_TEST_PASSWORD' })
  const provider = new Provider(rest)
  assert.equal(typeof (await provider.credentials(APP)).accessKeyId, 'string')
  provider.close()
})

test('properties as text', async () => {
  const { clientKeyFile, clientKeyPasswordFile, gateways } = kms.options()
  const text = `client_key_private_key_path=${clientKeyFile}\nclient_key_password_from_file_path=${clientKeyPasswordFile}`
  const provider = new Provider({ gateways, propertiesText: text })
  assert.equal(typeof (await provider.credentials(APP)).accessKeyId, 'string')
  provider.close()
})

test('what is wrong is told in one sentence', async () => {
  for (const options of [undefined, null, 1, 'file', []]) refused(options, /takes an object/)
  refused({ clientKeyfile: 'x' }, /did you mean clientKeyFile/)
  refused({ nonsense: 1 }, /there is no option nonsense: there are propertiesFile/)
  refused({ ...kms.options(), secretNames: APP }, /secretNames has the wrong type: expected an array of strings/)
  refused({ ...kms.options(), rotationInterval: '6h' }, /rotationInterval .* milliseconds/)
  refused({ ...kms.options(), rotationInterval: -1 }, /rotationInterval .* milliseconds/)
  refused({ ...kms.options(), rotationInterval: NaN }, /rotationInterval .* milliseconds/)
  refused({ ...kms.options(), rotationInterval: 1e300 }, /rotation_?interval/i)
  refused({ ...kms.options(), renewTokens: 0 }, /renew_?tokens/i)
  refused({ ...kms.options(), renewTokens: 1.5 }, /renewTokens .* whole number/)
  refused({ ...kms.options(), gateways: {} }, /gateways .* array of objects/)
  refused({ ...kms.options(), gateways: [{ endpoint: 'x' }] }, /gateways\[0\]\.type is missing/)
  refused({ ...kms.options(), gateways: [{ type: 'both' }] }, /gateways\[0\]\.type .* 'instance' or 'shared'/)
  refused({ ...kms.options(), gateways: [{ type: 'shared', regionID: 'x' }] }, /did you mean regionId/)
  refused({ ...kms.options(), gateways: [{ type: 'shared', regionId: 1 }] }, /gateways\[0\]\.regionId .* a string/)
  for (const url of ['https://host/clientKey.json', 'file:///a%2fb'])
    refused({ ...kms.options(), clientKeyFile: new URL(url) }, /clientKeyFile .* a path or a file: URL/)
  refused({ ...kms.options(), properties: { rotation: '1' } }, /there is no setting/)
  refused({ ...kms.options(), clientKeyFile: '/nowhere.json' }, /nowhere\.json/)
  refused({}, /./)
  await assert.rejects(Provider.fromFile('/nowhere.properties'), {
    kind: 'configuration',
    message: /nowhere\.properties/,
  })
  assert.throws(() => Provider.fromFileSync('/nowhere.properties'), { kind: 'configuration' })
  await assert.rejects(Provider.fromFile(undefined), TypeError)
  await assert.rejects(Provider.fromFile(kms.file, { timeout: '1' }), TypeError)
  await assert.rejects(Provider.fromEnv({ signl: AbortSignal.abort() }), TypeError)
  assert.throws(() => Provider.fromFileSync({}), TypeError)
  assert.throws(() => Provider.fromFileSync(new URL('https://host/file')), /^TypeError: .* a path or a file: URL$/)
})

test('a wrong password is of kind client_key and is not repeated', async () => {
  const { clientKeyPasswordFile, ...rest } = kms.options()
  refused({ ...rest, clientKeyPassword: 'Hunter2Hunter2' }, /^(?!.*Hunter2)/, 'client_key')
  refused({ ...rest, clientKeyPassword: 12345678 }, /^(?!.*12345678).*clientKeyPassword has the wrong type/)
})
