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
