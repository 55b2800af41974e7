import { ApiError, FunctionCallingConfigMode, GoogleGenAI } from '@google/genai'
import { assert, clock, forbidden, isPerson, longText, pdf, person, pixel, refused, weather } from './expect.mjs'
import { geminiThinking } from './gemini_thinking.mjs'

const declared = (...tools) => [{ functionDeclarations: tools.map((t) => ({ name: t.name, description: t.description, parametersJsonSchema: t.schema })) }]
const must = (...names) => ({ functionCallingConfig: { mode: FunctionCallingConfigMode.ANY, ...(names.length && { allowedFunctionNames: names }) } })
const contents = 'Say hello to the world'

async function streamed(stream) {
  let text = '', last = null
  const calls = []
  for await (const chunk of stream) {
    for (const part of chunk.candidates?.[0]?.content?.parts ?? []) {
      text += part.text ?? ''
      if (part.functionCall) calls.push(part.functionCall)
    }
    last = chunk
  }
  return { text, last, calls }
}

export const gemini = {
  name: '@google/genai',
  connect: (base) => new GoogleGenAI({ apiKey: 'none', httpOptions: { baseUrl: base + '/genai' } }),
  features: {
    'chat': async (c, model) => {
      const r = await c.models.generateContent({ model, contents })
      assert.ok(r.text)
      assert.equal(r.candidates[0].finishReason, 'STOP')
      assert.ok(r.usageMetadata.totalTokenCount > 0)
    },
    "at the gateway's root": async (_, model, plan) => {
      const root = new GoogleGenAI({ apiKey: 'none', httpOptions: { baseUrl: plan.base } })
      assert.ok((await root.models.generateContent({ model, contents })).text)
      assert.ok((await streamed(await root.models.generateContentStream({ model, contents }))).text)
      const names = []
      for await (const m of await root.models.list()) names.push(m.name)
      assert.ok(names.includes('models/' + model), `${model} is not in ${names}`)
    },
    'stream': async (c, model) => {
      const s = await streamed(await c.models.generateContentStream({ model, contents }))
      assert.ok(s.text)
      assert.equal(s.last.candidates[0].finishReason, 'STOP')
      assert.ok(s.last.usageMetadata.candidatesTokenCount > 0)
    },
    'stream equals whole': async (c, model) => {
      const whole = await c.models.generateContent({ model, contents })
      assert.equal((await streamed(await c.models.generateContentStream({ model, contents }))).text, whole.text)
    },
    'system and developer messages': async (c, model) => {
      const r = await c.models.generateContent({ model, contents, config: { systemInstruction: 'Be brief' } })
      assert.ok(r.text)
    },
    'multi-turn': async (c, model) => {
      const chat = c.chats.create({ model, history: [{ role: 'user', parts: [{ text: 'Hi' }] }, { role: 'model', parts: [{ text: 'Hello' }] }] })
      assert.ok((await chat.sendMessage({ message: 'Again' })).text)
    },
    'image in': async (c, model) => {
      const r = await c.models.generateContent({ model, contents: [{ role: 'user', parts: [{ text: 'What is this?' }, { inlineData: { mimeType: 'image/png', data: pixel } }] }] })
      assert.ok(r.text)
    },
    'document in': async (c, model) => {
      const r = await c.models.generateContent({ model, contents: [{ role: 'user', parts: [{ text: 'What is this?' }, { inlineData: { mimeType: 'application/pdf', data: pdf } }] }] })
      assert.ok(r.text)
      assert.ok(r.usageMetadata.promptTokenCount > 3, `${r.usageMetadata.promptTokenCount} tokens of the prompt`)
    },
    'tool call': async (c, model) => {
      const r = await c.models.generateContent({ model, contents, config: { tools: declared(weather), toolConfig: must() } })
      assert.equal(r.functionCalls[0].name, weather.name)
      assert.equal(typeof r.functionCalls[0].args.city, 'string')
    },
    'named tool choice': async (c, model) => {
      const r = await c.models.generateContent({ model, contents, config: { tools: declared(weather, clock), toolConfig: must(clock.name) } })
      assert.equal(r.functionCalls[0].name, clock.name)
    },
    'parallel tool calls': async (c, model) => {
      const r = await c.models.generateContent({ model, contents, config: { tools: declared(weather, clock), toolConfig: must() } })
      assert.deepEqual(r.functionCalls.map((f) => f.name), [weather.name, clock.name])
    },
    'streamed tool calls': async (c, model) => {
      const s = await streamed(await c.models.generateContentStream({ model, contents, config: { tools: declared(weather, clock), toolConfig: must() } }))
      assert.deepEqual(s.calls.map((f) => f.name), [weather.name, clock.name])
    },
    'tool result': async (c, model) => {
      const r = await c.models.generateContent({ model, config: { tools: declared(weather) }, contents: [
        { role: 'user', parts: [{ text: 'Weather?' }] },
        { role: 'model', parts: [{ functionCall: { name: weather.name, args: { city: 'Oslo' } } }] },
        { role: 'user', parts: [{ functionResponse: { name: weather.name, response: { output: 'Rain' } } }] }] })
      assert.ok(r.text)
    },
    'structured output': async (c, model) => {
      const r = await c.models.generateContent({ model, contents, config: { responseMimeType: 'application/json', responseJsonSchema: person } })
      isPerson(r.text)
    },
    'length': async (c, model) => {
      const r = await c.models.generateContent({ model, contents, config: { maxOutputTokens: 3 } })
      assert.equal(r.candidates[0].finishReason, 'MAX_TOKENS')
    },
    'stop sequence': async (c, model) => {
      const r = await c.models.generateContent({ model, contents, config: { stopSequences: ['never', 'answer'] } })
      assert.equal(r.text.trim(), 'This is a simulated')
      assert.equal(r.candidates[0].finishReason, 'STOP')
    },
    'sampling parameters': async (c, model) => {
      const r = await c.models.generateContent({ model, contents, config: { temperature: 0.3, topP: 0.9, topK: 5, seed: 7, presencePenalty: 0.1, frequencyPenalty: 0.1 } })
      assert.ok(r.text)
    },
    'refusal': async (c, model) => {
      const r = await c.models.generateContent({ model, contents: forbidden })
      assert.equal(r.candidates[0].finishReason, 'SAFETY')
    },
    'refusal stream': async (c, model) => {
      const s = await streamed(await c.models.generateContentStream({ model, contents: forbidden }))
      assert.equal(s.last.candidates[0].finishReason, 'SAFETY')
      assert.ok(s.text)
    },
    ...geminiThinking,
    'embeddings': async (c, model) => {
      const r = await c.models.embedContent({ model, contents: ['a', 'b'] })
      assert.equal(r.embeddings.length, 2)
      assert.ok(r.embeddings[0].values.length > 0)
    },
    'count tokens': async (c, model) => {
      const r = await c.models.countTokens({ model, contents })
      assert.ok(r.totalTokens > 0)
    },
    'models': async (c, model) => {
      const names = []
      for await (const m of await c.models.list()) names.push(m.name)
      assert.ok(names.includes('models/' + model), `${model} is not in ${names}`)
    },
    'one model': async (c, model) => {
      assert.equal((await c.models.get({ model })).name, 'models/' + model)
    },
    'bad request': async (c, model) => {
      const e = await refused(() => c.models.generateContent({ model, contents: [{ role: 'nobody', parts: [{ text: 'a' }] }] }))
      assert.ok(e instanceof ApiError, e.constructor.name)
      assert.equal(e.status, 400)
    },
    'unknown model': async (c) => {
      const e = await refused(() => c.models.generateContent({ model: 'nobody/nothing', contents }))
      assert.equal(e.status, 404)
    },
    'rate limit': async (c, _, plan) => {
      const e = await refused(() => c.models.generateContent({ model: plan.limited, contents }))
      assert.equal(e.status, 429)
    },
    'failure': async (c, _, plan) => {
      const e = await refused(() => c.models.generateContent({ model: plan.failing, contents }))
      assert.ok(e.status >= 500)
    },
    'cancel': async (c, model) => {
      const abort = new AbortController()
      const stream = await c.models.generateContentStream({ model, contents, config: { abortSignal: abort.signal } })
      for await (const _ of stream) { abort.abort(); break }
    },
  },
}
