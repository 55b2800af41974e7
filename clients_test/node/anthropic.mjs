import Anthropic from '@anthropic-ai/sdk'
import { anthropicThinking } from './anthropic_thinking.mjs'
import { assert, clock, forbidden, isPerson, longText, pdf, person, pixel, refused, weather } from './expect.mjs'

const tool = (t) => ({ name: t.name, description: t.description, input_schema: t.schema })
const hi = [{ role: 'user', content: 'Say hello to the world' }]
const text = (m) => m.content.filter((b) => b.type === 'text').map((b) => b.text).join('')

export const anthropic = {
  name: '@anthropic-ai/sdk',
  connect: (base) => new Anthropic({ baseURL: base + '/anthropic', apiKey: 'none', maxRetries: 0 }),
  features: {
    'chat': async (c, model) => {
      const m = await c.messages.create({ model, max_tokens: 100, messages: hi })
      assert.ok(text(m))
      assert.equal(m.stop_reason, 'end_turn')
      assert.ok(m.usage.input_tokens > 0 && m.usage.output_tokens > 0)
    },
    'stream': async (c, model) => {
      const stream = c.messages.stream({ model, max_tokens: 100, messages: hi })
      let deltas = ''
      stream.on('text', (t) => { deltas += t })
      const m = await stream.finalMessage()
      assert.equal(text(m), deltas)
      assert.equal(m.stop_reason, 'end_turn')
      assert.ok(m.usage.output_tokens > 0)
    },
    'stream equals whole': async (c, model) => {
      const whole = await c.messages.create({ model, max_tokens: 100, messages: hi })
      const m = await c.messages.stream({ model, max_tokens: 100, messages: hi }).finalMessage()
      assert.deepEqual(m.content.map((b) => b.text), whole.content.map((b) => b.text))
    },
    'system and developer messages': async (c, model) => {
      const m = await c.messages.create({ model, max_tokens: 100, messages: hi, system: [{ type: 'text', text: 'Be brief', cache_control: { type: 'ephemeral' } }] })
      assert.ok(text(m))
    },
    'multi-turn': async (c, model) => {
      const m = await c.messages.create({ model, max_tokens: 100, messages: [...hi, { role: 'assistant', content: 'Hello' }, { role: 'user', content: 'Again' }] })
      assert.ok(text(m))
    },
    'image in': async (c, model) => {
      const m = await c.messages.create({ model, max_tokens: 100, messages: [{ role: 'user', content: [
        { type: 'image', source: { type: 'base64', media_type: 'image/png', data: pixel } }, { type: 'text', text: 'What is this?' }] }] })
      assert.ok(text(m))
    },
    'document in': async (c, model) => {
      const m = await c.messages.create({ model, max_tokens: 100, messages: [{ role: 'user', content: [
        { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: pdf } }, { type: 'text', text: 'What is this?' }] }] })
      assert.ok(text(m))
      assert.ok(m.usage.input_tokens > 3, `${m.usage.input_tokens} tokens of the prompt`)
    },
    'tool call': async (c, model) => {
      const m = await c.messages.create({ model, max_tokens: 100, messages: hi, tools: [tool(weather)], tool_choice: { type: 'any' } })
      const call = m.content.find((b) => b.type === 'tool_use')
      assert.equal(call.name, weather.name)
      assert.equal(typeof call.input.city, 'string')
      assert.equal(m.stop_reason, 'tool_use')
    },
    'named tool choice': async (c, model) => {
      const m = await c.messages.create({ model, max_tokens: 100, messages: hi, tools: [tool(weather), tool(clock)], tool_choice: { type: 'tool', name: clock.name } })
      assert.equal(m.content.find((b) => b.type === 'tool_use').name, clock.name)
    },
    'parallel tool calls': async (c, model) => {
      const m = await c.messages.create({ model, max_tokens: 100, messages: hi, tools: [tool(weather), tool(clock)], tool_choice: { type: 'any' } })
      assert.deepEqual(m.content.filter((b) => b.type === 'tool_use').map((b) => b.name), [weather.name, clock.name])
    },
    'streamed tool calls': async (c, model) => {
      const m = await c.messages.stream({ model, max_tokens: 100, messages: hi, tools: [tool(weather), tool(clock)], tool_choice: { type: 'any' } }).finalMessage()
      assert.deepEqual(m.content.filter((b) => b.type === 'tool_use').map((b) => typeof b.input), ['object', 'object'])
    },
    'tool result': async (c, model) => {
      const m = await c.messages.create({ model, max_tokens: 100, tools: [tool(weather)], messages: [...hi,
        { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: weather.name, input: { city: 'Oslo' } }] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'Rain' }] }] })
      assert.ok(text(m))
    },
    'structured output': async (c, model) => {
      const m = await c.messages.create({ model, max_tokens: 100, messages: hi, output_config: { format: { type: 'json_schema', schema: person } } })
      isPerson(text(m))
    },
    'length': async (c, model) => {
      const m = await c.messages.create({ model, max_tokens: 3, messages: hi })
      assert.equal(m.stop_reason, 'max_tokens')
    },
    'stop sequence': async (c, model) => {
      const m = await c.messages.create({ model, max_tokens: 100, messages: hi, stop_sequences: ['never', 'answer'] })
      assert.equal(text(m).trim(), 'This is a simulated')
      if (model.startsWith('anthropic/')) assert.equal(m.stop_reason, 'stop_sequence') // other dialects do not say which it was
      else assert.match(m.stop_reason, /^(stop_sequence|end_turn)$/)
      assert.equal(m.stop_sequence, m.stop_reason === 'stop_sequence' ? 'answer' : null)
    },
    'sampling parameters': async (c, model) => {
      assert.ok(text(await c.messages.create({ model, max_tokens: 100, messages: hi, temperature: 0.3, top_p: 0.9, top_k: 5, metadata: { user_id: 'u' } })))
    },
    'refusal': async (c, model) => {
      const m = await c.messages.create({ model, max_tokens: 100, messages: [{ role: 'user', content: forbidden }] })
      assert.equal(m.stop_reason, 'refusal')
    },
    'refusal stream': async (c, model) => {
      const m = await c.messages.stream({ model, max_tokens: 100, messages: [{ role: 'user', content: forbidden }] }).finalMessage()
      assert.equal(m.stop_reason, 'refusal')
      assert.ok(text(m))
    },
    'cached usage': async (c, model) => {
      const ask = { model, max_tokens: 100, system: [{ type: 'text', text: longText(), cache_control: { type: 'ephemeral' } }] }
      const first = await c.messages.create({ ...ask, messages: hi })
      const { usage } = await c.messages.create({ ...ask, messages: [...hi, { role: 'assistant', content: first.content }, ...hi] })
      assert.equal(first.usage.cache_read_input_tokens, 0)
      if (model.startsWith('anthropic/')) assert.ok(first.usage.cache_creation_input_tokens > 1000, JSON.stringify(first.usage))
      assert.ok(usage.cache_read_input_tokens > 1000 && usage.input_tokens < 1000, JSON.stringify(usage))
    },
    ...anthropicThinking,
    'count tokens': async (c, model) => {
      const n = await c.messages.countTokens({ model, messages: hi })
      assert.ok(n.input_tokens > 0)
    },
    'models': async (c, model) => {
      const ids = []
      for await (const m of c.models.list()) ids.push(m.id)
      assert.ok(ids.includes(model), `${model} is not in ${ids}`)
    },
    'one model': async (c, model) => {
      assert.equal((await c.models.retrieve(model)).id, model)
    },
    'bad request': async (c, model) => {
      const e = await refused(() => c.messages.create({ model, max_tokens: 100, messages: 'none' }))
      assert.ok(e instanceof Anthropic.BadRequestError, e.constructor.name)
      assert.equal(e.error.error.type, 'invalid_request_error')
      assert.ok(e.requestID)
    },
    'unknown model': async (c) => {
      const e = await refused(() => c.messages.create({ model: 'nobody/nothing', max_tokens: 100, messages: hi }))
      assert.ok(e instanceof Anthropic.NotFoundError, e.constructor.name)
    },
    'rate limit': async (c, _, plan) => {
      const e = await refused(() => c.messages.create({ model: plan.limited, max_tokens: 100, messages: hi }))
      assert.ok(e instanceof Anthropic.RateLimitError, e.constructor.name)
      assert.ok(e.headers.get('retry-after'))
    },
    'failure': async (c, _, plan) => {
      const e = await refused(() => c.messages.create({ model: plan.failing, max_tokens: 100, messages: hi }))
      assert.ok(e instanceof Anthropic.InternalServerError, e.constructor.name)
    },
    'cancel': async (c, model) => {
      const stream = await c.messages.create({ model, max_tokens: 100, messages: hi, stream: true })
      for await (const _ of stream) { stream.controller.abort(); break }
    },
  },
}
