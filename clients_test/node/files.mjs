// Uploads, files and batches with the official SDK through a gateway of two providers
// that keep files.
//
//   node files.mjs http://… PROVIDER KEY

import OpenAI, { toFile } from 'openai'
import { assert, refused } from './expect.mjs'

const [base, provider, apiKey] = process.argv.slice(2)
const settings = { baseURL: base + '/v1', apiKey, maxRetries: 0 }
const c = new OpenAI({ ...settings, defaultHeaders: { 'X-Bifrost-Provider': provider } })
const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, i) => i % 256))

const file = await c.files.create({ file: await toFile(bytes, 'ö.jsonl'), purpose: 'batch' })
assert.equal(file.bytes, bytes.length)
assert.equal(file.filename, 'ö.jsonl')

const ids = []
for await (const f of c.files.list({ purpose: 'batch' })) ids.push(f.id)
assert.deepEqual(ids, [file.id])
assert.equal((await c.files.retrieve(file.id)).purpose, 'batch')

const content = await c.files.content(file.id)
assert.match(content.headers.get('content-disposition'), /^attachment/)
assert.ok(Buffer.from(await content.arrayBuffer()).equals(bytes))

const batch = await c.batches.create({ input_file_id: file.id, endpoint: '/v1/chat/completions', completion_window: '24h' })
assert.equal(batch.status, 'validating')
assert.equal((await c.batches.retrieve(batch.id)).status, 'in_progress')
const batches = []
for await (const b of c.batches.list()) batches.push(b.id)
assert.deepEqual(batches, [batch.id])
assert.equal((await c.batches.cancel(batch.id)).status, 'cancelling')

assert.equal((await c.files.delete(file.id)).deleted, true)
assert.equal((await refused(() => c.files.retrieve(file.id))).status, 404)

// The model names its provider, as in any other call.
const plain = new OpenAI(settings)
const heard = await plain.audio.transcriptions.create({ model: 'two/whisper-1', file: await toFile(bytes, 'a.wav') })
assert.equal(heard.text, `${bytes.length} a.wav whisper-1`)
const edited = await plain.images.edit({ model: 'one/dall-e-2', image: await toFile(bytes, 'a.png', { type: 'image/png' }), prompt: 'a hat' })
assert.equal(edited.data[0].revised_prompt, 'dall-e-2 a hat')

const e = await refused(() => plain.files.list())
assert.equal(e.status, 400)
assert.match(e.message, /X-Bifrost-Provider with one of: one, two/)

console.log('all is well')
process.exit(0) // the SDK may leave a connection open
