// What a model thinks, through chat completions and through the Responses API. In chat
// completions it is in the fields that OpenRouter's clients read.
import { assert, remembers, weather } from './expect.mjs'

const hi = [{ role: 'user', content: 'Say hello to the world' }]
const more = { role: 'user', content: 'And again' }
const tools = [{ type: 'function', function: { name: weather.name, parameters: weather.schema } }]
const thinking = (model, rest) => ({ model, messages: hi, reasoning_effort: 'low', ...rest })

export const chatThinking = {
  'thinking': async (c, model) => {
    const { message } = (await c.chat.completions.create(thinking(model))).choices[0]
    assert.ok(message.reasoning_content && message.content)
    assert.ok(message.reasoning_details.length)
  },
  'thinking stream': async (c, model) => {
    const whole = (await c.chat.completions.create(thinking(model))).choices[0].message
    let thought = '', text = ''
    for await (const chunk of await c.chat.completions.create(thinking(model, { stream: true }))) {
      const delta = chunk.choices[0]?.delta ?? {}
      assert.ok(!delta.reasoning_content || !text, 'it thinks after it has spoken')
      thought += delta.reasoning_content ?? ''
      text += delta.content ?? ''
    }
    assert.equal(thought, whole.reasoning_content)
    assert.equal(text, whole.content)
  },
  'thinking signatures return': async (c, model) => {
    const first = await c.chat.completions.create(thinking(model))
    const second = await c.chat.completions.create(thinking(model, { messages: [...hi, first.choices[0].message, more] }))
    assert.match(second.choices[0].message.content, remembers)
  },
  'thinking signatures return with a tool result': async (c, model) => {
    const { message } = (await c.chat.completions.create(thinking(model, { tools }))).choices[0]
    const second = await c.chat.completions.create(thinking(model, { tools, messages: [...hi, message,
      { role: 'tool', tool_call_id: message.tool_calls[0].id, content: 'Rain' }] }))
    assert.ok(message.reasoning_content)
    assert.match(second.choices[0].message.content, remembers)
  },
  'tool result without its thinking': async (c, model) => {
    const { tool_calls } = (await c.chat.completions.create(thinking(model, { tools }))).choices[0].message
    const second = await c.chat.completions.create(thinking(model, { tools, messages: [...hi, { role: 'assistant', content: null, tool_calls },
      { role: 'tool', tool_call_id: tool_calls[0].id, content: 'Rain' }] }))
    assert.match(second.choices[0].message.content, /Rain/)
  },
  'thinking beside other parameters': async (c, model) => {
    const r = await c.chat.completions.create(thinking(model, { tools, tool_choice: 'required', temperature: 0.3, top_p: 0.9, max_completion_tokens: 500 }))
    assert.equal(r.choices[0].message.tool_calls[0].function.name, weather.name)
    assert.ok((await c.chat.completions.create(thinking(model, { temperature: 0.3, top_p: 0.9 }))).choices[0].message.reasoning_content)
  },
  'reasoning usage': async (c, model) => {
    const { usage } = await c.chat.completions.create(thinking(model))
    const { reasoning_tokens } = usage.completion_tokens_details
    assert.ok(reasoning_tokens > 0 && reasoning_tokens < usage.completion_tokens, JSON.stringify(usage))
    assert.equal(usage.total_tokens, usage.prompt_tokens + usage.completion_tokens)
  },
}

const functionTools = [{ type: 'function', name: weather.name, parameters: weather.schema, strict: false }]
const reasoning = (model, rest) => ({ model, input: hi, store: false, reasoning: { effort: 'low', summary: 'auto' }, include: ['reasoning.encrypted_content'], ...rest })
const summary = (r) => r.output.filter((o) => o.type === 'reasoning').flatMap((o) => o.summary).map((s) => s.text).join('')

export const responsesThinking = {
  'Responses thinking': async (c, model) => {
    const r = await c.responses.create(reasoning(model))
    assert.ok(summary(r) && r.output_text)
    assert.ok(r.output.some((o) => o.type === 'reasoning' && o.encrypted_content))
  },
  'Responses thinking stream': async (c, model) => {
    const whole = await c.responses.create(reasoning(model))
    const stream = c.responses.stream(reasoning(model))
    let thought = ''
    for await (const e of stream) if (e.type === 'response.reasoning_summary_text.delta') thought += e.delta
    const last = await stream.finalResponse()
    assert.equal(thought, summary(whole))
    assert.equal(summary(last), thought)
    assert.equal(last.output_text, whole.output_text)
  },
  'Responses thinking signatures return': async (c, model) => {
    const first = await c.responses.create(reasoning(model))
    const second = await c.responses.create(reasoning(model, { input: [...hi, ...first.output, more] }))
    assert.match(second.output_text, remembers)
  },
  'Responses thinking signatures return with a tool result': async (c, model) => {
    const first = await c.responses.create(reasoning(model, { tools: functionTools }))
    const call = first.output.find((o) => o.type === 'function_call')
    const second = await c.responses.create(reasoning(model, { tools: functionTools, input: [...hi, ...first.output,
      { type: 'function_call_output', call_id: call.call_id, output: 'Rain' }] }))
    assert.match(second.output_text, remembers)
  },
  'Responses reasoning usage': async (c, model) => {
    const { usage } = await c.responses.create(reasoning(model))
    const { reasoning_tokens } = usage.output_tokens_details
    assert.ok(reasoning_tokens > 0 && reasoning_tokens < usage.output_tokens, JSON.stringify(usage))
  },
}
