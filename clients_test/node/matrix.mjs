// Calls a gateway with the official SDKs, and prints a line of JSON for each cell of
// the matrix: which SDK, which provider, which feature, and what went wrong.
//
//   node matrix.mjs '{"base": "http://…", "columns": ["openai", …], "providers": {"openai": "model", …},
//     "embedders": {…}, "limits": {…}, "failures": {…}}'

import { openai } from './openai.mjs'
import { anthropic } from './anthropic.mjs'
import { gemini } from './gemini.mjs'
import { aiChat, aiResponses } from './ai.mjs'

const plan = JSON.parse(process.argv[2])

for (const sdk of [openai, anthropic, gemini, aiChat, aiResponses]) {
  const client = sdk.connect(plan.base)
  for (const provider of plan.columns) {
    const own = { ...plan, limited: plan.limits[provider], failing: plan.failures[provider] }
    for (const [feature, check] of Object.entries(sdk.features)) {
      let error = null
      const model = (feature === 'embeddings' ? plan.embedders : plan.providers)[provider]
      try {
        await within(10_000, check(client, model, own))
      } catch (e) {
        error = `${e?.name ?? 'Error'}: ${e?.message ?? e}`
      }
      console.log(JSON.stringify({ sdk: sdk.name, provider, feature, error }))
    }
  }
}
process.exit(0) // an SDK may leave a connection open

function within(ms, promise) {
  let timer
  const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms) })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
