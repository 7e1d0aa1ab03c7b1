// A bundled application finds the addon, whatever bundled it.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { nodeFileTrace } from '@vercel/nft'
import { build } from 'esbuild'
import webpack from 'webpack'
import { APP, Kms } from './fixture.mjs'

const execute = promisify(execFile)
const here = fileURLToPath(new URL('..', import.meta.url))
let kms
before(async () => (kms = await Kms.start()))
after(() => kms.stop())

const PROGRAM = `import { Provider } from 'kmsak'
const provider = Provider.fromFileSync(process.argv[2])
console.log(provider.credentialsSync('${APP}').accessKeyId)
`

// An application with kmsak among its modules, and a folder for what becomes of it.
async function application() {
  const folder = await mkdtemp(path.join(kms.folder, 'application-'))
  await mkdir(path.join(folder, 'node_modules'))
  await symlink(here, path.join(folder, 'node_modules', 'kmsak'), 'dir')
  await mkdir(path.join(folder, 'dist'))
  const program = path.join(folder, 'program.mjs')
  await writeFile(program, PROGRAM)
  return { folder, program, dist: path.join(folder, 'dist') }
}

// Away from the application's modules.
async function runs(dist, command, ...args) {
  const elsewhere = await mkdtemp(path.join(kms.folder, 'elsewhere-'))
  for (const file of await readdir(dist)) await copyFile(path.join(dist, file), path.join(elsewhere, file))
  const [program, ...rest] = [command, ...args].map((part) => part.replace(/^\.\//, `${elsewhere}/`))
  const { stdout, stderr } = await execute(program, [...rest, kms.file], { cwd: elsewhere })
  assert.deepEqual({ stdout, stderr }, { stdout: `${(await kms.current()).AccessKeyId}\n`, stderr: '' })
}

for (const format of ['cjs', 'esm']) {
  test(`esbuild, ${format}`, async () => {
    const { folder, program, dist } = await application()
    const outfile = path.join(dist, format === 'cjs' ? 'bundle.cjs' : 'bundle.mjs')
    // CommonJS inside a module has no require of its own.
    const banner = `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`
    const { errors } = await build({
      absWorkingDir: folder,
      entryPoints: [program],
      bundle: true,
      platform: 'node',
      format,
      outfile,
      loader: { '.node': 'copy' },
      banner: format === 'esm' ? { js: banner } : {},
      logLevel: 'silent',
    })
    assert.deepEqual(errors, [])
    await runs(dist, process.execPath, `./${path.basename(outfile)}`)
  })
}

test('webpack', async () => {
  const { folder, program, dist } = await application()
  const compiler = webpack({
    context: folder,
    entry: program,
    target: 'node',
    mode: 'production',
    output: { path: dist, filename: 'bundle.cjs' },
    module: { rules: [{ test: /\.node$/, loader: path.join(here, 'node_modules', 'node-loader') }] },
  })
  const stats = await promisify(compiler.run.bind(compiler))()
  assert.deepEqual(stats.compilation.errors, [])
  await runs(dist, process.execPath, './bundle.cjs')
})

test('what Next.js and others trace', async () => {
  const { folder, program } = await application()
  const { fileList, warnings } = await nodeFileTrace([program], { base: '/' })
  const addons = [...fileList].filter((file) => file.endsWith('.node'))
  assert.equal(addons.length, 1, `${[...fileList]} ${[...warnings]}`)
  await rm(folder, { recursive: true })
})

test('bun build --compile', async () => {
  const { folder, program, dist } = await application()
  const bun = path.join(here, 'node_modules', '.bin', 'bun')
  const args = ['build', '--compile', program, '--outfile', path.join(dist, 'program')]
  await execute(bun, args, { cwd: folder })
  await runs(dist, './program')
})
