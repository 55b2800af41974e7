// What a model thinks, in the parts of generateContent; and what else is counted.
import { assert, longText, remembers, weather } from './expect.mjs'

const hi = { role: 'user', parts: [{ text: 'Say hello to the world' }] }
const more = { role: 'user', parts: [{ text: 'And again' }] }
const tools = [{ functionDeclarations: [{ name: weather.name, parametersJsonSchema: weather.schema }] }]
const thinking = (model, contents, rest) => ({ model, contents, config: { thinkingConfig: { includeThoughts: true, thinkingBudget: 1024 }, ...rest } })
const parts = (r) => r.candidates?.[0]?.content?.parts ?? []
const thought = (all) => all.filter((p) => p.thought).map((p) => p.text ?? '').join('')
const text = (all) => all.filter((p) => !p.thought).map((p) => p.text ?? '').join('')

async function streamed(stream) {
  const all = []
  for await (const chunk of stream) all.push(...parts(chunk))
  return all
}

export const geminiThinking = {
  'thinking': async (c, model) => {
    const all = parts(await c.models.generateContent(thinking(model, [hi])))
    assert.ok(thought(all) && text(all))
    assert.ok(all.some((p) => p.thoughtSignature))
  },
  'thinking stream': async (c, model) => {
    const whole = parts(await c.models.generateContent(thinking(model, [hi])))
    const all = await streamed(await c.models.generateContentStream(thinking(model, [hi])))
    assert.equal(thought(all), thought(whole))
    assert.equal(text(all), text(whole))
    assert.ok(all.some((p) => p.thoughtSignature))
  },
  'hidden thinking': async (c, model) => {
    const hidden = { thinkingConfig: { thinkingBudget: 1024 } }
    const r = await c.models.generateContent(thinking(model, [hi], hidden))
    assert.ok(r.usageMetadata.thoughtsTokenCount > 0)
    for (const all of [parts(r), await streamed(await c.models.generateContentStream(thinking(model, [hi], hidden)))]) {
      assert.equal(thought(all), '')
      const second = parts(await c.models.generateContent(thinking(model, [hi, { role: 'model', parts: all }, more], hidden)))
      assert.match(text(second), remembers)
    }
  },
  'thinking signatures return': async (c, model) => {
    const chat = c.chats.create(thinking(model))
    await chat.sendMessage({ message: 'Say hello to the world' })
    assert.match(text(parts(await chat.sendMessage({ message: 'And again' }))), remembers)
  },
  'thinking signatures return with a tool result': async (c, model) => {
    const first = await streamed(await c.models.generateContentStream(thinking(model, [hi], { tools })))
    const { functionCall } = first.find((p) => p.functionCall)
    const second = parts(await c.models.generateContent(thinking(model, [hi, { role: 'model', parts: first },
      { role: 'user', parts: [{ functionResponse: { id: functionCall.id, name: functionCall.name, response: { output: 'Rain' } } }] }], { tools })))
    assert.ok(thought(first))
    assert.match(text(second), remembers)
  },
  'tool result without its thinking': async (c, model) => {
    const [functionCall] = (await c.models.generateContent(thinking(model, [hi], { tools }))).functionCalls
    const second = parts(await c.models.generateContent(thinking(model, [hi, { role: 'model', parts: [{ functionCall }] },
      { role: 'user', parts: [{ functionResponse: { id: functionCall.id, name: functionCall.name, response: { output: 'Rain' } } }] }], { tools })))
    assert.match(text(second), /Rain/)
  },
  'thinking beside other parameters': async (c, model) => {
    const toolConfig = { functionCallingConfig: { mode: 'ANY' } }
    const r = await c.models.generateContent(thinking(model, [hi], { tools, toolConfig, temperature: 0.3, topP: 0.9, topK: 5, maxOutputTokens: 500 }))
    assert.equal(r.functionCalls[0].name, weather.name)
    assert.ok(thought(parts(await c.models.generateContent(thinking(model, [hi], { thinkingConfig: { includeThoughts: true, thinkingBudget: 100 }, temperature: 0.3, topK: 5 })))))
  },
  'reasoning usage': async (c, model) => {
    const { usageMetadata: u } = await c.models.generateContent(thinking(model, [hi]))
    assert.ok(u.thoughtsTokenCount > 0 && u.candidatesTokenCount > 0)
    assert.equal(u.totalTokenCount, u.promptTokenCount + u.candidatesTokenCount + u.thoughtsTokenCount)
  },
  'cached usage': async (c, model) => {
    const ask = { model, contents: longText() }
    const first = await c.models.generateContent(ask)
    const { usageMetadata: u } = await c.models.generateContent(ask)
    assert.ok(!first.usageMetadata.cachedContentTokenCount)
    assert.ok(u.cachedContentTokenCount > 1000 && u.cachedContentTokenCount <= u.promptTokenCount, JSON.stringify(u))
  },
}
