// What npm packs, installed in an empty folder.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { APP, Kms, run } from './fixture.mjs'

const execute = promisify(execFile)
const here = fileURLToPath(new URL('..', import.meta.url))
const { triple } = createRequire(import.meta.url)('../lib/triple.js')
let kms
before(async () => (kms = await Kms.start()))
after(() => kms.stop())

// An empty cache, and no registry: all that is needed is in the packages.
function npm(folder, ...args) {
  return execute('npm', [...args, '--offline', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: folder,
    env: { ...process.env, npm_config_cache: path.join(kms.folder, 'npm-cache') },
  })
}

async function pack(folder, to) {
  const { stdout } = await npm(folder, 'pack', '--json', '--pack-destination', to)
  return JSON.parse(stdout)[0]
}

async function install(...packages) {
  const folder = await mkdtemp(path.join(kms.folder, 'empty-'))
  await writeFile(path.join(folder, 'package.json'), '{"private":true}')
  await npm(folder, 'install', '--no-package-lock', ...packages)
  return folder
}

async function works(folder) {
  const required = `const { Provider } = require('kmsak')
    require('kmsak/adapters/credentials'); require('kmsak/adapters/pop-core'); require('kmsak/adapters/ali-oss')
    const provider = Provider.fromFileSync(process.argv[1])
    console.log(provider.credentialsSync('${APP}').accessKeyId)
    import('kmsak').then(({ Provider }) => console.log(provider instanceof Provider))
    for (const name of ['credentials', 'pop-core', 'ali-oss']) import('kmsak/adapters/' + name)`
  const result = await run(required, { cwd: folder, args: [kms.file] })
  const { AccessKeyId } = await kms.current()
  assert.deepEqual(result, { stdout: `${AccessKeyId}\ntrue\n`, stderr: '', status: 0, signal: null })
}

test('the first programs in the documentation run as they are pasted', async () => {
  const { filename } = await pack(here, kms.folder)
  const folder = await install(path.join(kms.folder, filename))
  await copyFile(kms.file, path.join(kms.dir, 'managed_credentials_providers.properties'))
  const { AccessKeyId } = await kms.current()
  const text = await readFile(path.join(here, '../../docs/node.md'), 'utf8')
  const programs = [...text.matchAll(/^```js\n\/\/ (program\.[mc]js)\n(.*?)^```$/gms)]
  assert.deepEqual(
    programs.map(([, name]) => name),
    ['program.mjs', 'program.cjs'],
  )
  for (const [, name, program] of programs) {
    await writeFile(path.join(folder, name), program)
    const { stdout, stderr } = await execute(process.execPath, [path.join(folder, name)], { cwd: kms.dir })
    assert.deepEqual({ stdout, stderr }, { stdout: `${AccessKeyId}\n`, stderr: '' }, name)
  }
})

test('npm pack gives something that installs and runs in an empty folder', async () => {
  const { filename, files } = await pack(here, kms.folder)
  const names = files.map(({ path }) => path)
  assert.ok(
    names.every((name) => /^(lib|adapters)\/|^(package\.json|README\.md|LICENSE|kmsak\..*\.node)$/.test(name)),
    names.join(),
  )
  assert.ok(names.includes('README.md'))
  await works(await install(path.join(kms.folder, filename)))
})

test('the package and the one for this platform, as npm would install them from a registry', async () => {
  const stage = await mkdtemp(path.join(kms.folder, 'stage-'))
  for (const part of ['lib', 'adapters', 'README.md'])
    await cp(path.join(here, part), path.join(stage, part), { recursive: true })
  const manifest = JSON.parse(await readFile(path.join(here, 'package.json'), 'utf8'))
  // As dist/packages/npm writes it.
  manifest.optionalDependencies = { [`kmsak-${triple}`]: manifest.version }
  await writeFile(path.join(stage, 'package.json'), JSON.stringify(manifest))
  const native = path.join(stage, 'native')
  await cp(path.join(here, 'npm', triple), native, { recursive: true })
  await copyFile(path.join(here, `kmsak.${triple}.node`), path.join(native, `kmsak.${triple}.node`))
  const main = await pack(stage, kms.folder)
  assert.ok(!main.files.some(({ path }) => path.endsWith('.node')))
  const platform = await pack(native, kms.folder)
  const folder = await install(path.join(kms.folder, platform.filename), path.join(kms.folder, main.filename))
  await works(folder)
  // Without the addon there is one sentence that says what to do.
  await rm(path.join(folder, 'node_modules', `kmsak-${triple}`), { recursive: true })
  const { stderr, status } = await run(`require('kmsak')`, { cwd: folder })
  assert.equal(status, 1)
  assert.match(stderr, /KmsakError: there is no kmsak for .* here: install kmsak again/)
  await mkdir(path.join(folder, 'node_modules', `kmsak-${triple}`))
  await writeFile(path.join(folder, 'node_modules', `kmsak-${triple}`, 'index.js'), 'throw new Error("broken")')
  assert.match((await run(`require('kmsak')`, { cwd: folder })).stderr, /cannot be loaded \(broken\)/)
})

test('a platform that there is no package for is told with those that there are', async () => {
  const { stderr, status } = await run(
    `Object.defineProperty(process, 'arch', { value: 'riscv64' }); require('./lib/index.js')`,
    { cwd: here },
  )
  assert.equal(status, 1)
  assert.match(stderr, /KmsakError: there is no kmsak for \S+-riscv64\S*: it is built for Linux and macOS/)
})

test('every native function has a panic boundary', async () => {
  // A panic that gets past one ends the process, and none can be provoked from outside.
  const source = path.join(here, 'src')
  let functions = 0
  for (const file of await readdir(source)) {
    const text = await readFile(path.join(source, file), 'utf8')
    for (const [all, options] of text.matchAll(
      /#\[napi(?:\(([^)]*)\))?\]\s+(?:#\[.*\s+|\/\/.*\s+)*pub(?:\(crate\))? fn/g,
    )) {
      functions++
      assert.match(options ?? '', /catch_unwind/, `${file}: ${all}`)
    }
  }
  assert.ok(functions > 20)
})

test('the packages of all platforms agree with the main one', async () => {
  const manifest = JSON.parse(await readFile(path.join(here, 'package.json'), 'utf8'))
  const platforms = await readdir(path.join(here, 'npm'))
  assert.equal(platforms.length, manifest.napi.targets.length)
  for (const platform of platforms) {
    const { name, version, main, engines } = JSON.parse(
      await readFile(path.join(here, 'npm', platform, 'package.json'), 'utf8'),
    )
    assert.deepEqual(
      { name, version, main, engines },
      {
        name: `kmsak-${platform}`,
        version: manifest.version,
        main: `kmsak.${platform}.node`,
        engines: manifest.engines,
      },
    )
  }
})
