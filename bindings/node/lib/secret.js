'use strict'

const { inspect } = require('node:util')

// See credentials.js.
class Secret {
  #parts

  constructor(parts) {
    this.#parts = parts
  }

  get name() {
    return this.#parts.name
  }

  get secretType() {
    return this.#parts.secretType
  }

  get text() {
    return this.#parts.text
  }

  get bytes() {
    // Not from Buffer's pool, where what a caller forgets to wipe would end up in other people's buffers.
    const { text, bytes } = this.#parts
    const copy = Buffer.alloc(text === undefined ? bytes.length : Buffer.byteLength(text))
    if (text === undefined) bytes.copy(copy)
    else copy.write(text)
    return copy
  }

  get binary() {
    return this.#parts.binary
  }

  get versionId() {
    return this.#parts.versionId
  }

  get versionStages() {
    return [...this.#parts.versionStages]
  }

  get createTime() {
    return this.#parts.createTime
  }

  get requestId() {
    return this.#parts.requestId
  }

  get lastRotationDate() {
    return date(this.#parts.lastRotationDate)
  }

  get nextRotationDate() {
    return date(this.#parts.nextRotationDate)
  }

  get rotationInterval() {
    return this.#parts.rotationInterval
  }

  get automaticRotation() {
    return this.#parts.automaticRotation
  }

  get extendedConfig() {
    return this.#parts.extendedConfig
  }

  // What inherits from one, as mocks do, has nothing to show.
  toJSON() {
    if (!(#parts in this)) return {}
    const { name, secretType, versionId, versionStages, requestId } = this
    return { name, secretType, versionId, versionStages, requestId }
  }

  toString() {
    return #parts in this ? `Secret(${this.name})` : 'Secret'
  }

  [inspect.custom](_depth, options, inspectAgain = inspect) {
    return `Secret ${inspectAgain(this.toJSON(), options)}`
  }
}

function date(milliseconds) {
  return milliseconds === undefined ? undefined : new Date(milliseconds)
}

module.exports = { Secret }
