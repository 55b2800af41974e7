import { createOpenAI } from '@ai-sdk/openai'
import { APICallError, embedMany, generateText, jsonSchema, Output, stepCountIs, streamText, tool } from 'ai'
import { assert, forbidden, pdf, person, pixel, refused, remembers, weather } from './expect.mjs'

const prompt = 'Say hello to the world'
const tools = { [weather.name]: tool({ description: weather.description, inputSchema: jsonSchema(weather.schema) }) }
const call = (model, more) => ({ model, prompt, maxRetries: 0, ...more })
// The SDK knows models that think by their names; it must be told of others.
const thinking = { providerOptions: { openai: { forceReasoning: true, reasoningEffort: 'low', store: false } } }

// features are the same through chat completions and through the Responses API.
const features = (of) => ({
  'chat': async (c, model) => {
    const r = await generateText(call(of(c, model)))
    assert.ok(r.text)
    assert.equal(r.finishReason, 'stop')
    assert.ok(r.usage.outputTokens > 0)
  },
  'stream': async (c, model) => {
    const r = streamText(call(of(c, model), { onError: () => {} }))
    let text = ''
    for await (const part of r.textStream) text += part
    assert.ok(text)
    assert.equal(await r.finishReason, 'stop')
    assert.ok((await r.usage).outputTokens > 0)
  },
  'stream equals whole': async (c, model) => {
    const whole = await generateText(call(of(c, model)))
    assert.equal(await streamText(call(of(c, model))).text, whole.text)
  },
  'system and developer messages': async (c, model) => {
    assert.ok((await generateText(call(of(c, model), { system: 'Be brief' }))).text)
  },
  'multi-turn': async (c, model) => {
    const r = await generateText({ model: of(c, model), maxRetries: 0, messages: [
      { role: 'user', content: 'Hi' }, { role: 'assistant', content: 'Hello' }, { role: 'user', content: 'Again' }] })
    assert.ok(r.text)
  },
  'image in': async (c, model) => {
    const r = await generateText({ model: of(c, model), maxRetries: 0, messages: [{ role: 'user', content: [
      { type: 'text', text: 'What is this?' }, { type: 'file', data: Buffer.from(pixel, 'base64'), mediaType: 'image/png' }] }] })
    assert.ok(r.text)
  },
  'document in': async (c, model) => {
    const r = await generateText({ model: of(c, model), maxRetries: 0, messages: [{ role: 'user', content: [
      { type: 'text', text: 'What is this?' }, { type: 'file', data: Buffer.from(pdf, 'base64'), mediaType: 'application/pdf', filename: 'a.pdf' }] }] })
    assert.ok(r.text)
    assert.ok(r.usage.inputTokens > 3, `${r.usage.inputTokens} tokens of the prompt`)
  },
  'tool call': async (c, model) => {
    const r = await generateText(call(of(c, model), { tools, toolChoice: 'required' }))
    assert.equal(r.toolCalls[0].toolName, weather.name)
    assert.equal(typeof r.toolCalls[0].input.city, 'string')
    assert.equal(r.finishReason, 'tool-calls')
  },
  'streamed tool calls': async (c, model) => {
    const r = streamText(call(of(c, model), { tools, toolChoice: 'required' }))
    assert.equal((await r.toolCalls)[0].toolName, weather.name)
  },
  'structured output': async (c, model) => {
    const r = await generateText(call(of(c, model), { output: Output.object({ schema: jsonSchema(person) }) }))
    assert.equal(typeof r.output.age, 'number')
  },
  'sampling parameters': async (c, model) => {
    assert.ok((await generateText(call(of(c, model), { temperature: 0.3, topP: 0.9 }))).text)
  },
  'reasoning usage': async (c, model) => {
    const { usage } = await generateText(call(of(c, model), thinking))
    assert.ok(usage.outputTokenDetails.reasoningTokens > 0 && usage.outputTokenDetails.reasoningTokens < usage.outputTokens, JSON.stringify(usage))
  },
  'length': async (c, model) => {
    assert.equal((await generateText(call(of(c, model), { maxOutputTokens: 16 }))).finishReason, 'length')
  },
  'unknown model': async (c) => {
    const e = await refused(() => generateText(call(of(c, 'nobody/nothing'))))
    assert.ok(APICallError.isInstance(e), e.name)
    assert.equal(e.statusCode, 404)
  },
  'rate limit': async (c, _, plan) => {
    const e = await refused(() => generateText(call(of(c, plan.limited))))
    assert.equal(e.statusCode, 429)
    assert.ok(e.isRetryable)
  },
})

const connect = (base) => createOpenAI({ baseURL: base + '/v1', apiKey: 'none' })

export const aiChat = {
  name: 'ai with @ai-sdk/openai, chat',
  connect,
  features: {
    ...features((c, model) => c.chat(model)),
    'stop sequence': async (c, model) => {
      const r = await generateText(call(c.chat(model), { stopSequences: ['never', 'answer'] }))
      assert.equal(r.text.trim(), 'This is a simulated')
      assert.equal(r.finishReason, 'stop')
    },
    'refusal': async (c, model) => {
      const r = await generateText({ model: c.chat(model), prompt: forbidden, maxRetries: 0 })
      assert.equal(r.finishReason, 'content-filter')
    },
    'embeddings': async (c, model) => {
      const r = await embedMany({ model: c.embedding(model), values: ['a', 'b'], maxRetries: 0 })
      assert.equal(r.embeddings.length, 2)
    },
  },
}

export const aiResponses = {
  name: 'ai with @ai-sdk/openai, Responses',
  connect,
  features: {
    ...features((c, model) => c.responses(model)),
    'thinking': async (c, model) => {
      const r = await generateText(call(c.responses(model), thinking))
      assert.ok(r.reasoningText && r.text)
    },
    'thinking stream': async (c, model) => {
      const whole = await generateText(call(c.responses(model), thinking))
      const r = streamText(call(c.responses(model), thinking))
      assert.equal(await r.text, whole.text)
      assert.equal(await r.reasoningText, whole.reasoningText)
    },
    'thinking signatures return': async (c, model) => {
      const first = await generateText(call(c.responses(model), thinking))
      const r = await generateText({ model: c.responses(model), maxRetries: 0, ...thinking, messages: [
        { role: 'user', content: prompt }, ...first.response.messages, { role: 'user', content: 'And again' }] })
      assert.match(r.text, remembers)
    },
    'thinking signatures return with a tool result': async (c, model) => {
      const run = { [weather.name]: tool({ inputSchema: jsonSchema(weather.schema), execute: async () => 'Rain' }) }
      const r = await generateText(call(c.responses(model), { tools: run, stopWhen: stepCountIs(3), ...thinking }))
      assert.match(r.text, remembers)
    },
    'tool loop': async (c, model) => {
      const run = { [weather.name]: tool({ inputSchema: jsonSchema(weather.schema), execute: async () => 'Rain' }) }
      const r = streamText(call(c.responses(model), { tools: run, stopWhen: stepCountIs(3), providerOptions: { openai: { store: false } } }))
      assert.ok(await r.text)
      assert.equal((await r.steps).length, 2)
    },
  },
}
