'use strict'

const { EventEmitter } = require('node:events')
const { inspect } = require('node:util')
const { Credentials } = require('./credentials.js')
const { because, fromFailure, openedLate } = require('./error.js')
const { fromNative } = require('./fields.js')
const { ask, listening, mailbox, newId, timedOut } = require('./mailbox.js')
const { checked, file, given } = require('./options.js')
const { Secret } = require('./secret.js')
const { checkedWait, OF_A_VERSION, OF_A_VERSION_SYNC, PROMISED, SYNC } = require('./wait.js')

// Older releases of Node 18 have neither symbol; whoever transpiles `using` looks there then.
const dispose = Symbol.dispose ?? Symbol.for('Symbol.dispose')
const asyncDispose = Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')

let catchUp

// What the constructor is given by the static methods.
class Opened {
  constructor(native, id) {
    this.native = native
    this.id = id
  }
}

class Provider extends EventEmitter {
  #native
  #id
  #closed = false
  // One number, changed by kmsak's threads after each change of the native cache.
  #changes
  #cached = new Map()

  constructor(options) {
    super()
    if (options instanceof Opened) {
      this.#native = options.native
      this.#id = options.id
    } else {
      this.#id = newId()
      this.#native = opened(mailbox.openSync(this.#id, checked(options)))
    }
    this.#changes = this.#native.changes()
    // Events are delivered from the start; whoever wants them says so now.
    listening.set(this.#id, (event) => this.#happened(event))
    setImmediate(() => this.#listen()).unref()
  }

  static async fromFile(path, options) {
    return open(this, fromFile(path), options)
  }

  static fromFileSync(path) {
    return openSync(this, fromFile(path))
  }

  static async fromEnv(options) {
    return open(this, given({ usualPlaces: true }), options)
  }

  static fromEnvSync() {
    return openSync(this, given({ usualPlaces: true }))
  }

  static fixed(secrets) {
    const id = newId()
    // For tests alone: a service need not load it.
    const { versions } = require('./fixed.js')
    return new this(new Opened(opened(mailbox.openFixed(id, versions(secrets))), id))
  }

  // For `open`: what happened before there was a provider is told once its owner has had the time to listen.
  static #catchUp(provider, early) {
    setImmediate(() => early.forEach((event) => provider.#happened(event)))
  }

  static {
    catchUp = Provider.#catchUp
  }

  credentials(name, options) {
    const cached = this.#cached.get(name)
    if (cached !== undefined && options === undefined && cached.change === Atomics.load(this.#changes, 0)) {
      return cached.promise
    }
    return this.#credentials(name, options)
  }

  async #credentials(name, options) {
    checkName(name)
    const { signal, timeout } = checkedWait(options, PROMISED)
    signal?.throwIfAborted()
    return (
      this.#lookUp(name) ??
      (await ask((id) => this.#native.beginCredentials(id, name), {
        owner: this,
        make: toCredentials,
        signal,
        timeout,
      }))
    )
  }

  credentialsSync(name, options) {
    const cached = this.#cached.get(name)
    if (cached !== undefined && cached.change === Atomics.load(this.#changes, 0)) return cached.credentials
    checkName(name)
    const { timeout } = checkedWait(options, SYNC)
    return this.#lookUp(name) ?? toCredentials(waited(this.#native.waitCredentials(name, timeout), timeout))
  }

  cachedCredentials(name) {
    const cached = this.#cached.get(name)
    if (cached !== undefined && cached.change === Atomics.load(this.#changes, 0)) return cached.credentials
    checkName(name)
    return this.#lookUp(name)
  }

  // What the native cache holds, kept here for as long as nothing there changes.
  #lookUp(name) {
    const change = this.#changes === null ? 0 : Atomics.load(this.#changes, 0)
    const parts = this.#native.cachedCredentials(name)
    if (parts === null) {
      this.#cached.delete(name)
      return undefined
    }
    const credentials = toCredentials(parts)
    if (this.#changes !== null) {
      this.#cached.set(name, { change, credentials, promise: Promise.resolve(credentials) })
    }
    return credentials
  }

  async secret(name, options) {
    checkName(name)
    const { signal, timeout, versionStage } = checkedWait(options, OF_A_VERSION)
    const begin =
      versionStage === undefined
        ? (id) => this.#native.beginSecret(id, name)
        : (id) => this.#native.beginSecretAtStage(id, name, versionStage)
    return await ask(begin, { owner: this, make: toSecret, signal, timeout })
  }

  secretSync(name, options) {
    checkName(name)
    const { timeout, versionStage } = checkedWait(options, OF_A_VERSION_SYNC)
    const answer =
      versionStage === undefined
        ? this.#native.waitSecret(name, timeout)
        : this.#native.waitSecretAtStage(name, versionStage, timeout)
    return toSecret(waited(answer, timeout))
  }

  async refresh(name, options) {
    checkName(name)
    const { signal, timeout } = checkedWait(options, PROMISED)
    return await ask((id) => this.#native.beginRefresh(id, name), { owner: this, make: toSecret, signal, timeout })
  }

  refreshSync(name, options) {
    checkName(name)
    const { timeout } = checkedWait(options, SYNC)
    return toSecret(waited(this.#native.waitRefresh(name, timeout), timeout))
  }

  async renew(name, rejectedId, options) {
    checkName(name)
    const { signal, timeout } = checkedWait(options, PROMISED)
    checkRejectedId(rejectedId)
    const begin = (id) => this.#native.beginRenew(id, name, rejectedId)
    return await ask(begin, { owner: this, make: toCredentials, signal, timeout })
  }

  renewSync(name, rejectedId, options) {
    checkName(name)
    const { timeout } = checkedWait(options, SYNC)
    checkRejectedId(rejectedId)
    return toCredentials(waited(this.#native.waitRenew(name, rejectedId, timeout), timeout))
  }

  async call(name, f, options) {
    if (typeof f !== 'function') throw new TypeError('call takes a function of the credentials')
    const credentials = await this.credentials(name, options)
    try {
      return await f(credentials)
    } catch (error) {
      if (!this.#isRejected(error)) throw error
      let renewed
      try {
        renewed = await this.renew(name, credentials.accessKeyId, options)
      } catch (reason) {
        options?.signal?.throwIfAborted()
        // The service's own error says more.
        throw because(error, reason)
      }
      return await f(renewed)
    }
  }

  isRejection(code, message) {
    return typeof code === 'string' && this.#native.isRejection(code, typeof message === 'string' ? message : undefined)
  }

  // Alibaba Cloud's SDKs append `Error` to the service's code, or keep the answer in `data`.
  #isRejected(error) {
    const code = error?.code
    const message = error?.message
    return (
      this.isRejection(code, message) ||
      (typeof code === 'string' && this.isRejection(code.replace(/Error$/, ''), message)) ||
      this.isRejection(error?.data?.Code, error?.data?.Message)
    )
  }

  stats() {
    return fromNative(this.#native.stats())
  }

  get closed() {
    return this.#closed
  }

  close() {
    const first = !this.#closed
    this.#closed = true
    this.#native.close()
    this.#cached.clear()
    listening.delete(this.#id)
    // After what happened before it.
    if (first) process.nextTick(() => this.emit('close'))
  }

  [dispose]() {
    this.close()
  }

  async [asyncDispose]() {
    this.close()
  }

  on(...listener) {
    super.on(...listener)
    return this.#listen()
  }

  addListener(...listener) {
    return this.on(...listener)
  }

  prependListener(...listener) {
    super.prependListener(...listener)
    return this.#listen()
  }

  off(...listener) {
    super.off(...listener)
    return this.#listen()
  }

  removeListener(...listener) {
    return this.off(...listener)
  }

  removeAllListeners(...event) {
    super.removeAllListeners(...event)
    return this.#listen()
  }

  // Has events delivered if somebody listens. A provider with a listener is not collected.
  #listen() {
    const wanted = !this.#closed && this.eventNames().length > 0
    if (wanted !== listening.has(this.#id)) {
      if (wanted) listening.set(this.#id, (event) => this.#happened(event))
      else listening.delete(this.#id)
      this.#native.listen(wanted)
    }
    return this
  }

  #happened({ event, ...told }) {
    // Where a listener that throws does what it does everywhere in Node: an uncaughtException.
    process.nextTick(() => this.emit(event, fromNative(told)))
  }

  // What inherits from a provider, as mocks do, has nothing to show.
  toJSON() {
    return #closed in this ? { closed: this.#closed } : {}
  }

  [inspect.custom]() {
    return #closed in this ? `Provider { closed: ${this.#closed} }` : 'Provider {}'
  }
}

async function open(Class, configuration, options) {
  const { signal, timeout } = checkedWait(options, PROMISED)
  const id = newId()
  const early = []
  const native = await ask((id) => mailbox.open(id, configuration), {
    id,
    make: (native) => native,
    onEvent: (event) => early.push(event),
    signal,
    timeout,
    late: openedLate,
  })
  const provider = new Class(new Opened(native, id))
  if (early.length > 0) catchUp(provider, early)
  return provider
}

function openSync(Class, configuration) {
  const id = newId()
  return new Class(new Opened(opened(mailbox.openSync(id, configuration)), id))
}

function opened(answer) {
  if (answer.kind !== undefined) throw fromFailure(answer)
  return answer
}

function waited(answer, timeout) {
  if (answer === null) throw timedOut(timeout)
  if (answer.kind !== undefined) throw fromFailure(answer)
  return answer
}

function toCredentials(parts) {
  return new Credentials(parts)
}

function toSecret(parts) {
  return new Secret(parts)
}

// As everywhere, the environment wins over the file.
function fromFile(path) {
  if (!file.is(path)) throw new TypeError(`the properties file is ${file.expected}`)
  return given({ propertiesFile: path, environment: true })
}

function checkName(name) {
  if (typeof name !== 'string') throw new TypeError('the name of a secret is a string')
}

function checkRejectedId(rejectedId) {
  if (typeof rejectedId !== 'string') throw new TypeError('rejectedId is the id of the AccessKey that was refused')
}

module.exports = { Provider }
