import OpenAI from 'openai'
import { assert, clock, forbidden, isPerson, longText, pdf, person, pixel, refused, weather } from './expect.mjs'
import { media } from './openai_media.mjs'
import { chatThinking, responsesThinking } from './openai_thinking.mjs'

const tool = (t) => ({ type: 'function', function: { name: t.name, description: t.description, parameters: t.schema } })
const functionTool = (t) => ({ type: 'function', name: t.name, description: t.description, parameters: t.schema, strict: false })
const hi = [{ role: 'user', content: 'Say hello to the world' }]

async function streamed(stream) {
  let text = '', finish = null, usage = null
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta.content ?? ''
    finish = chunk.choices[0]?.finish_reason ?? finish
    usage = chunk.usage ?? usage
  }
  return { text, finish, usage }
}

export const openai = {
  name: 'openai (Node)',
  connect: (base) => new OpenAI({ baseURL: base + '/v1', apiKey: 'none', maxRetries: 0 }),
  features: {
    'chat': async (c, model) => {
      const r = await c.chat.completions.create({ model, messages: hi })
      assert.ok(r.choices[0].message.content)
      assert.equal(r.choices[0].finish_reason, 'stop')
      assert.ok(r.usage.total_tokens > 0)
    },
    'stream': async (c, model) => {
      const s = await streamed(await c.chat.completions.create({ model, messages: hi, stream: true }))
      assert.ok(s.text)
      assert.equal(s.finish, 'stop')
      assert.equal(s.usage, null)
    },
    'stream with usage': async (c, model) => {
      const s = await streamed(await c.chat.completions.create({ model, messages: hi, stream: true, stream_options: { include_usage: true } }))
      assert.ok(s.usage.completion_tokens > 0)
    },
    'stream equals whole': async (c, model) => {
      const whole = await c.chat.completions.create({ model, messages: hi })
      const s = await streamed(await c.chat.completions.create({ model, messages: hi, stream: true }))
      assert.equal(s.text, whole.choices[0].message.content)
    },
    'system and developer messages': async (c, model) => {
      const r = await c.chat.completions.create({ model, messages: [
        { role: 'system', content: 'Be brief' }, { role: 'developer', content: 'Be kind' }, ...hi] })
      assert.ok(r.choices[0].message.content)
    },
    'multi-turn': async (c, model) => {
      const r = await c.chat.completions.create({ model, messages: [...hi, { role: 'assistant', content: 'Hello' }, { role: 'user', content: 'Again' }] })
      assert.ok(r.choices[0].message.content)
    },
    'image in': async (c, model) => {
      const r = await c.chat.completions.create({ model, messages: [{ role: 'user', content: [
        { type: 'text', text: 'What is this?' }, { type: 'image_url', image_url: { url: 'data:image/png;base64,' + pixel } }] }] })
      assert.ok(r.choices[0].message.content)
    },
    'document in': async (c, model) => {
      const r = await c.chat.completions.create({ model, messages: [{ role: 'user', content: [
        { type: 'text', text: 'What is this?' }, { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,' + pdf } }] }] })
      assert.ok(r.choices[0].message.content)
      assert.ok(r.usage.prompt_tokens > 3, `${r.usage.prompt_tokens} tokens of the prompt`)
    },
    'tool call': async (c, model) => {
      const r = await c.chat.completions.create({ model, messages: hi, tools: [tool(weather)], tool_choice: 'required' })
      const call = r.choices[0].message.tool_calls[0]
      assert.equal(call.function.name, weather.name)
      assert.equal(typeof JSON.parse(call.function.arguments).city, 'string')
      assert.equal(r.choices[0].finish_reason, 'tool_calls')
    },
    'named tool choice': async (c, model) => {
      const r = await c.chat.completions.create({ model, messages: hi, tools: [tool(weather), tool(clock)],
        tool_choice: { type: 'function', function: { name: clock.name } } })
      assert.equal(r.choices[0].message.tool_calls[0].function.name, clock.name)
    },
    'parallel tool calls': async (c, model) => {
      const r = await c.chat.completions.create({ model, messages: hi, tools: [tool(weather), tool(clock)], tool_choice: 'required' })
      assert.deepEqual(r.choices[0].message.tool_calls.map((t) => t.function.name), [weather.name, clock.name])
    },
    'streamed tool calls': async (c, model) => {
      const stream = c.chat.completions.stream({ model, messages: hi, tools: [tool(weather), tool(clock)], tool_choice: 'required' })
      const r = await stream.finalChatCompletion()
      assert.deepEqual(r.choices[0].message.tool_calls.map((t) => t.function.name), [weather.name, clock.name])
      for (const t of r.choices[0].message.tool_calls) JSON.parse(t.function.arguments)
    },
    'tool result': async (c, model) => {
      const r = await c.chat.completions.create({ model, tools: [tool(weather)], messages: [...hi,
        { role: 'assistant', content: null, tool_calls: [{ id: 'call_1', type: 'function', function: { name: weather.name, arguments: '{"city":"Oslo"}' } }] },
        { role: 'tool', tool_call_id: 'call_1', content: 'Rain' }] })
      assert.ok(r.choices[0].message.content)
    },
    'structured output': async (c, model) => {
      const r = await c.chat.completions.create({ model, messages: hi,
        response_format: { type: 'json_schema', json_schema: { name: 'person', strict: true, schema: person } } })
      isPerson(r.choices[0].message.content)
    },
    'length': async (c, model) => {
      const r = await c.chat.completions.create({ model, messages: hi, max_completion_tokens: 3 })
      assert.equal(r.choices[0].finish_reason, 'length')
    },
    'stop sequence': async (c, model) => {
      const r = await c.chat.completions.create({ model, messages: hi, stop: ['never', 'answer'] })
      assert.equal(r.choices[0].message.content.trim(), 'This is a simulated')
      assert.equal(r.choices[0].finish_reason, 'stop')
    },
    'sampling parameters': async (c, model) => {
      const r = await c.chat.completions.create({ model, messages: hi, temperature: 0.3, top_p: 0.9, seed: 7, presence_penalty: 0.1, frequency_penalty: 0.1, user: 'u' })
      assert.ok(r.choices[0].message.content)
    },
    'refusal': async (c, model) => {
      const [{ message, finish_reason }] = (await c.chat.completions.create({ model, messages: [{ role: 'user', content: forbidden }] })).choices
      assert.ok(message.refusal || finish_reason === 'content_filter', JSON.stringify({ message, finish_reason }))
    },
    'refusal stream': async (c, model) => {
      const [{ message, finish_reason }] = (await c.chat.completions.stream({ model, messages: [{ role: 'user', content: forbidden }] }).finalChatCompletion()).choices
      assert.ok(message.refusal || finish_reason === 'content_filter', JSON.stringify({ message, finish_reason }))
    },
    'cached usage': async (c, model) => {
      const messages = [{ role: 'system', content: [{ type: 'text', text: longText(), cache_control: { type: 'ephemeral' } }] }, ...hi]
      const first = await c.chat.completions.create({ model, messages })
      const { usage } = await c.chat.completions.create({ model, messages: [...messages, first.choices[0].message, ...hi] })
      assert.ok(!first.usage.prompt_tokens_details?.cached_tokens)
      assert.ok(usage.prompt_tokens_details.cached_tokens > 1000 && usage.prompt_tokens_details.cached_tokens < usage.prompt_tokens, JSON.stringify(usage))
    },
    ...chatThinking,
    'Responses': async (c, model) => {
      const r = await c.responses.create({ model, input: 'Say hello', store: false })
      assert.ok(r.output_text)
      assert.equal(r.status, 'completed')
    },
    'Responses stream': async (c, model) => {
      const stream = c.responses.stream({ model, input: 'Say hello', store: false })
      let text = ''
      for await (const e of stream) if (e.type === 'response.output_text.delta') text += e.delta
      assert.equal((await stream.finalResponse()).output_text, text)
      assert.ok(text)
    },
    'Responses stream equals whole': async (c, model) => {
      const whole = await c.responses.create({ model, input: 'Say hello', store: false })
      const last = await c.responses.stream({ model, input: 'Say hello', store: false }).finalResponse()
      assert.equal(last.output_text, whole.output_text)
      assert.equal(last.status, 'completed')
      assert.ok(last.usage.output_tokens > 0)
    },
    'Responses tool call': async (c, model) => {
      const r = await c.responses.create({ model, input: 'Say hello', store: false, tool_choice: 'required', tools: [functionTool(weather)] })
      const call = r.output.find((o) => o.type === 'function_call')
      assert.equal(call.name, weather.name)
    },
    'Responses streamed tool calls': async (c, model) => {
      const stream = c.responses.stream({ model, input: 'Say hello', store: false, tool_choice: 'required', tools: [functionTool(weather), functionTool(clock)] })
      const r = await stream.finalResponse()
      assert.deepEqual(r.output.map((o) => o.name), [weather.name, clock.name])
      for (const o of r.output) JSON.parse(o.arguments)
    },
    'Responses tool result': async (c, model) => {
      const tools = [functionTool(weather), functionTool(clock)]
      const input = [{ role: 'user', content: 'Weather?' }]
      const first = await c.responses.create({ model, input, store: false, tool_choice: 'required', tools })
      for (const o of first.output) input.push(o, { type: 'function_call_output', call_id: o.call_id, output: 'Rain' })
      const r = await c.responses.create({ model, input, store: false, tools })
      assert.ok(r.output_text)
    },
    'Responses image in': async (c, model) => {
      const r = await c.responses.create({ model, store: false, input: [{ role: 'user', content: [
        { type: 'input_text', text: 'What is this?' }, { type: 'input_image', image_url: 'data:image/png;base64,' + pixel }] }] })
      assert.ok(r.output_text)
    },
    'Responses structured output': async (c, model) => {
      const r = await c.responses.parse({ model, input: 'Say hello', store: false,
        text: { format: { type: 'json_schema', name: 'person', strict: true, schema: person } } })
      isPerson(JSON.stringify(r.output_parsed))
    },
    'Responses length': async (c, model) => {
      const r = await c.responses.create({ model, input: 'Say hello', store: false, max_output_tokens: 3 })
      assert.equal(r.status, 'incomplete')
      assert.equal(r.incomplete_details.reason, 'max_output_tokens')
    },
    'Responses document in': async (c, model) => {
      const r = await c.responses.create({ model, store: false, input: [{ role: 'user', content: [
        { type: 'input_text', text: 'What is this?' }, { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,' + pdf }] }] })
      assert.ok(r.output_text)
    },
    'Responses refusal': async (c, model) => {
      const r = await c.responses.create({ model, input: forbidden, store: false })
      assert.ok(r.output.at(-1).content[0].type === 'refusal' || r.incomplete_details?.reason === 'content_filter', JSON.stringify(r))
    },
    ...responsesThinking,
    'Responses stored state': async (c, model) => {
      const e = await refused(() => c.responses.create({ model, input: 'Say hello', previous_response_id: 'resp_1' }))
      assert.equal(e.status, 400)
      assert.match(e.message, /previous_response_id/)
    },
    'Responses failure': async (c, _, plan) => {
      const e = await refused(() => c.responses.create({ model: plan.failing, input: 'Say hello', store: false }))
      assert.ok(e instanceof OpenAI.InternalServerError, e.constructor.name)
    },
    'embeddings': async (c, model) => {
      const r = await c.embeddings.create({ model, input: ['a', 'b'] }) // the SDK asks for base64
      assert.equal(r.data.length, 2)
      assert.ok(Array.isArray(r.data[0].embedding) && r.data[0].embedding.length > 0)
    },
    ...media,
    'models': async (c, model) => {
      const ids = []
      for await (const m of c.models.list()) ids.push(m.id)
      assert.ok(ids.includes(model), `${model} is not in ${ids}`)
    },
    'bad request': async (c, model) => {
      const e = await refused(() => c.chat.completions.create({ model, messages: 'none' }))
      assert.equal(e.status, 400)
      assert.equal(e.type, 'invalid_request_error')
      assert.ok(e.requestID)
    },
    'unknown model': async (c) => {
      const e = await refused(() => c.chat.completions.create({ model: 'nobody/nothing', messages: hi }))
      assert.equal(e.status, 404)
    },
    'rate limit': async (c, _, plan) => {
      const e = await refused(() => c.chat.completions.create({ model: plan.limited, messages: hi }))
      assert.ok(e instanceof OpenAI.RateLimitError, e.constructor.name)
      assert.ok(e.headers.get('retry-after'))
    },
    'failure': async (c, _, plan) => {
      const e = await refused(() => c.chat.completions.create({ model: plan.failing, messages: hi }))
      assert.ok(e instanceof OpenAI.InternalServerError, e.constructor.name)
    },
    'cancel': async (c, model) => {
      const stream = await c.chat.completions.create({ model, messages: hi, stream: true })
      for await (const _ of stream) { stream.controller.abort(); break }
    },
  },
}
