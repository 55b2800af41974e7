// Pictures, sound and files.
import { toFile } from 'openai'
import { assert, refused } from './expect.mjs'

const bytes = Buffer.from(Array.from({ length: 1000 }, (_, i) => i % 256))

export const media = {
  'images': async (c, model) => {
    const r = await c.images.generate({ model, prompt: 'A grey square', n: 2 })
    assert.equal(r.data.length, 2)
    assert.equal(Buffer.from(r.data[0].b64_json, 'base64').subarray(1, 4).toString(), 'PNG')
  },
  'speech': async (c, model) => {
    const r = await c.audio.speech.create({ model, input: 'Hello world', voice: 'alloy', response_format: 'wav' })
    const sound = Buffer.from(await r.arrayBuffer())
    assert.equal(r.headers.get('content-type'), 'audio/wav')
    assert.equal(sound.subarray(0, 4).toString(), 'RIFF')
    assert.equal(sound.length, sound.readUInt32LE(4) + 8)
  },
  'transcription': async (c, model) => {
    const r = await c.audio.transcriptions.create({ model, file: await toFile(bytes, 'ö.wav', { type: 'audio/wav' }) })
    assert.match(r.text, /1000 bytes/)
  },
  'files': async (c, model) => {
    const [provider] = model.split('/')
    const at = { headers: { 'X-Bifrost-Provider': provider } } // whose files are meant
    const file = await c.files.create({ file: await toFile(bytes, 'ö.jsonl'), purpose: 'batch' }, at)
    assert.equal(file.filename, 'ö.jsonl')
    const ids = []
    for await (const f of c.files.list({ purpose: 'batch' }, at)) ids.push(f.id)
    assert.ok(ids.includes(file.id))
    assert.equal((await c.files.retrieve(file.id, at)).bytes, 1000)
    assert.ok(Buffer.from(await (await c.files.content(file.id, at)).arrayBuffer()).equals(bytes))
    assert.equal((await c.files.delete(file.id, at)).deleted, true)
    assert.equal((await refused(() => c.files.retrieve(file.id, at))).status, 404)
  },
  'one model': async (c, model) => {
    assert.equal((await c.models.retrieve(model)).id, model)
  },
}
