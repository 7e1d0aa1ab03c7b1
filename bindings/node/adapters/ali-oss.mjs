import adapter from './ali-oss.js'

export const { createClient } = adapter
