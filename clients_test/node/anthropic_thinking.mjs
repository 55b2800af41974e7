// What a model thinks, in the blocks of the Messages API.
import { assert, remembers, weather } from './expect.mjs'

const hi = [{ role: 'user', content: 'Say hello to the world' }]
const more = { role: 'user', content: 'And again' }
const tools = [{ name: weather.name, input_schema: weather.schema }]
const thinking = (model, rest) => ({ model, max_tokens: 4000, messages: hi, thinking: { type: 'enabled', budget_tokens: 1024 }, ...rest })
const thought = (m) => m.content.filter((b) => b.type === 'thinking').map((b) => b.thinking).join('')
const text = (m) => m.content.filter((b) => b.type === 'text').map((b) => b.text).join('')

export const anthropicThinking = {
  'thinking': async (c, model) => {
    const m = await c.messages.create(thinking(model))
    assert.equal(m.content[0].type, 'thinking')
    assert.ok(thought(m) && text(m))
    if (model.startsWith('anthropic/')) assert.ok(m.content[0].signature)
  },
  'thinking stream': async (c, model) => {
    const whole = await c.messages.create(thinking(model))
    const stream = c.messages.stream(thinking(model))
    let deltas = ''
    stream.on('thinking', (t) => { deltas += t })
    const m = await stream.finalMessage()
    assert.equal(deltas, thought(whole))
    assert.equal(thought(m), deltas)
    assert.equal(text(m), text(whole))
    assert.equal(m.content[0].signature, whole.content[0].signature)
  },
  'hidden thinking': async (c, model) => {
    const ask = thinking(model, { thinking: { type: 'enabled', budget_tokens: 1024, display: 'omitted' } })
    for (const m of [await c.messages.create(ask), await c.messages.stream(ask).finalMessage()]) {
      assert.equal(thought(m), '')
      assert.ok(text(m))
      assert.ok(m.usage.output_tokens_details.thinking_tokens > 0)
      const second = await c.messages.create({ ...ask, messages: [...hi, { role: 'assistant', content: m.content }, more] })
      assert.match(text(second), remembers)
    }
  },
  'thinking signatures return': async (c, model) => {
    const first = await c.messages.create(thinking(model))
    const second = await c.messages.create(thinking(model, { messages: [...hi, { role: 'assistant', content: first.content }, more] }))
    assert.match(text(second), remembers)
  },
  'thinking signatures return with a tool result': async (c, model) => {
    const first = await c.messages.stream(thinking(model, { tools })).finalMessage()
    const call = first.content.find((b) => b.type === 'tool_use')
    const second = await c.messages.create(thinking(model, { tools, messages: [...hi, { role: 'assistant', content: first.content },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: call.id, content: 'Rain' }] }] }))
    assert.ok(thought(first))
    assert.match(text(second), remembers)
  },
  'reasoning usage': async (c, model) => {
    const { usage } = await c.messages.create(thinking(model))
    const { thinking_tokens } = usage.output_tokens_details
    assert.ok(thinking_tokens > 0 && thinking_tokens < usage.output_tokens, JSON.stringify(usage))
  },
}
