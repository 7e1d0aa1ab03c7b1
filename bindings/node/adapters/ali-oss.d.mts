export * from './ali-oss.js'
