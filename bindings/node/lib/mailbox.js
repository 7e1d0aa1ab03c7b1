'use strict'

// The JavaScript end of the way back from kmsak's threads. One for each worker and each copy of the package.

const { Mailbox, noAnswerWithin } = require('./native.js')
const { fromFailure } = require('./error.js')

// Promises that are not settled yet, by id. Each keeps what it needs alive, and all of them the process.
const pending = new Map()

// Providers that deliver events, by id: whoever has a listener stays alive without further references.
const listening = new Map()

let lastId = 0
let logger

function newId() {
  return ++lastId
}

const mailbox = new Mailbox((id, content) => {
  if (content.line !== undefined) {
    logger?.(content.level, content.line)
  } else if (content.event !== undefined) {
    const listener = listening.get(id) ?? pending.get(id)?.onEvent
    listener?.(content)
  } else {
    settle(id, content)
  }
})

function settle(id, content) {
  const waiting = forget(id)
  // Whoever gave up waiting has been told so, and will not close the provider that was opened all the same.
  if (waiting === undefined) content.close?.()
  else waiting.resolve(content)
}

function forget(id) {
  const waiting = pending.get(id)
  if (waiting === undefined) return undefined
  pending.delete(id)
  if (pending.size === 0) mailbox.keepAlive(false)
  clearTimeout(waiting.timer)
  if (waiting.signal !== undefined) unwatch(waiting.signal, id)
  return waiting
}

function timedOut(timeout) {
  return fromFailure(noAnswerWithin(timeout))
}

// What is delivered to whoever waited for too long.
const LATE = Symbol('late')

// Calls `begin(id)` and promises what is delivered to that id, passed through `make`. `owner` is not collected before.
async function ask(begin, { owner, make, onEvent, signal, timeout, late = timedOut, id = newId() }) {
  const content = await new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason)
      return
    }
    const waiting = { resolve, reject, owner, onEvent, signal, timer: undefined }
    pending.set(id, waiting)
    if (pending.size === 1) mailbox.keepAlive(true)
    if (timeout !== undefined) waiting.timer = setTimeout(settle, timeout, id, LATE)
    if (signal !== undefined) watch(signal, id)
    start(id, begin)
  })
  // Errors are made here, after the await, and callers return no promise without awaiting it: then V8 knows who asked, for nothing.
  if (content === LATE) throw late(timeout)
  if (content.kind !== undefined) throw fromFailure(content)
  return make(content)
}

// The ids that wait with a signal. One listener serves them all: Node takes more than ten on a signal for a leak.
const watched = new Map()

function watch(signal, id) {
  let watch = watched.get(signal)
  if (watch === undefined) {
    const ids = new Set()
    const onAbort = () => ids.forEach((id) => forget(id).reject(signal.reason))
    watch = { ids, onAbort }
    watched.set(signal, watch)
    signal.addEventListener('abort', onAbort)
  }
  watch.ids.add(id)
}

function unwatch(signal, id) {
  const { ids, onAbort } = watched.get(signal)
  ids.delete(id)
  if (ids.size > 0) return
  watched.delete(signal)
  signal.removeEventListener('abort', onAbort)
}

// A thousand questions asked at once are passed on over several turns of the event loop, so that none takes long.
const MOST_A_TURN = 50
const unasked = []
let asked = 0

function start(id, begin) {
  if (asked === MOST_A_TURN) {
    unasked.push([id, begin])
    return
  }
  if (asked === 0) setImmediate(nextTurn)
  asked++
  const failure = begin(id)
  if (failure) settle(id, failure)
}

function nextTurn() {
  asked = 0
  for (const [id, begin] of unasked.splice(0, MOST_A_TURN)) {
    if (pending.has(id)) start(id, begin)
  }
  // Nobody waits any more for any of these.
  if (asked === 0 && unasked.length > 0) setImmediate(nextTurn)
}

function forwardLogs(receiver, level = 'info') {
  if (receiver !== null && typeof receiver !== 'function') {
    throw new TypeError('forwardLogs takes a function, or null to end it')
  }
  if (!mailbox.forwardLogs(receiver === null ? null : String(level))) {
    throw new TypeError(`there is no log level ${level}: use error, warn, info, debug or trace`)
  }
  logger = receiver ?? undefined
}

module.exports = { ask, forwardLogs, listening, mailbox, newId, timedOut }
