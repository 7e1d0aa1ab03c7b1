'use strict'

const { Writable } = require('node:stream')

// An answer on its way to a stream of the caller's. What a service says in an error is kept back: it may be that the
// request is sent once more, and a stream that has been written to and ended could not take the second answer.
class Download {
  #target
  #entry
  #said

  constructor(target) {
    this.#target = target
    // From now on: a file that cannot be opened says so before there is an answer.
    target.on('error', (error) => this.#entry?.destroy(error))
    target.on('close', () => {
      if (!target.writableFinished) this.#entry?.destroy()
    })
  }

  // The parameters with which urllib writes its answer here.
  into(parameters) {
    return { ...parameters, writeStream: this.#enter() }
  }

  // What urllib answers, with what the service said if it is an error.
  async answered(answer) {
    const told = await answer
    return this.#said === undefined ? told : { ...told, data: Buffer.concat(this.#said) }
  }

  // The error was the last answer: the target gets it after all.
  fail() {
    if (this.#said !== undefined && !this.#target.destroyed) this.#target.end(Buffer.concat(this.#said))
  }

  #enter() {
    const target = this.#target
    const said = []
    this.#said = undefined
    const entry = new Writable({
      write: (chunk, _encoding, done) => {
        if (this.#said === undefined) target.write(chunk, done)
        else done(void said.push(chunk))
      },
      final: (done) => {
        if (this.#said === undefined) target.end(done)
        else done()
      },
      destroy: (error, done) => {
        if (!entry.writableFinished && this.#said === undefined) target.destroy(error ?? undefined)
        done(error)
      },
    })
    entry.once('pipe', ({ statusCode }) => {
      if (statusCode >= 400) this.#said = said
    })
    // urllib is told by `pipe`, and may not listen yet.
    entry.on('error', () => {})
    if (target.destroyed) entry.destroy(target.errored ?? undefined)
    this.#entry = entry
    return entry
  }
}

module.exports = { Download }
