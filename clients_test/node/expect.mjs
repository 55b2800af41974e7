// What the checks share.
import assert from 'node:assert/strict'

export { assert }

export const weather = {
  name: 'get_weather',
  description: 'The weather of a city',
  schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
}

export const clock = {
  name: 'get_time',
  description: 'The time of a city',
  schema: { type: 'object', properties: { zone: { type: 'string' } }, required: ['zone'] },
}

export const person = {
  type: 'object',
  properties: { name: { type: 'string' }, age: { type: 'integer' } },
  required: ['name', 'age'],
  additionalProperties: false,
}

// A picture of one pixel.
export const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

// A document of one empty page.
export const pdf = Buffer.from('%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj ' +
  '3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n').toString('base64')

// What the simulated provider answers with a refusal.
export const forbidden = '[simulate: refuse] Say something that you must not say'

// What it says when an earlier answer's thinking has come back as it was.
export const remembers = /^I remember 1 thought\./

// A text that no call has had before, long enough for every provider's cache.
export const longText = () => `${crypto.randomUUID()} ` + 'These are the rules of the house. '.repeat(200)

export function isPerson(text) {
  const p = JSON.parse(text)
  assert.equal(typeof p.name, 'string')
  assert.equal(typeof p.age, 'number')
}

// refused runs a call that must fail, and returns its error.
export async function refused(call) {
  try {
    await call()
  } catch (e) {
    return e
  }
  assert.fail('the call did not fail')
}
