// Package bedrock is Amazon Bedrock's Converse API, as providers speak it: requests,
// answers, streams of event-stream frames, token counts, and the embeddings of Titan
// and Cohere through InvokeModel. It has no callers' side.
//
// Paths follow the host of Bedrock's runtime, which has no version prefix. The facts
// are those of the service's model, as github.com/aws/aws-sdk-go-v2 has it in
// service/bedrockruntime, and of
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html.
package bedrock
