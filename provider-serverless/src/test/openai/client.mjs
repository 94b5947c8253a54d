// Asks a server what OpenAI's own client asks, and prints what that makes of the answers, as JSON.
import OpenAI from 'openai';

const [url, token] = process.argv.slice(2);
const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: token, maxRetries: 0 });
const results = {};

async function step(name, run) {
  try {
    results[name] = await run();
  } catch (e) {
    results[name] = {
      thrown: e.constructor.name,
      status: e.status,
      code: e.code,
      type: e.type,
      message: e.message,
      retryAfter: e.headers?.get?.('retry-after'),
    };
  }
}

const messages = (content) => [{ role: 'system', content: 'Repeat.' }, { role: 'user', content }];

async function read(stream) {
  const read = { roles: [], pieces: [], finish: null, usage: null };
  for await (const chunk of stream) {
    const choice = chunk.choices[0];
    if (choice?.delta.role) read.roles.push(choice.delta.role);
    if (choice?.delta.content) read.pieces.push(choice.delta.content);
    read.finish = choice?.finish_reason ?? read.finish;
    read.usage = chunk.usage ?? read.usage;
  }
  return read;
}

await step('models', async () => (await client.models.list()).data);
await step('model', async () => (await client.models.retrieve('parrot')).id);
await step('chat', () => client.chat.completions.create({ model: 'parrot', messages: messages('one two') }));
await step('stream', async () =>
  read(
    await client.chat.completions.create({
      model: 'parrot',
      messages: messages('one \u{1F600} two'),
      stream: true,
      stream_options: { include_usage: true },
    }),
  ));
await step('helper', async () =>
  (
    await client.chat.completions
      .stream({ model: 'parrot', messages: messages('three four') })
      .finalChatCompletion()
  ).choices[0].message.content);
await step('embeddings', async () => {
  const input = ['a man', 'eats food'];
  const base64 = await client.embeddings.create({ model: 'minilm', input, encoding_format: 'base64' });
  for (const one of base64.data) {
    const bytes = Buffer.from(one.embedding, 'base64');
    one.embedding = Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(4 * i));
  }
  return {
    float: await client.embeddings.create({ model: 'minilm', input, encoding_format: 'float' }),
    base64,
    default: await client.embeddings.create({ model: 'minilm', input }),
  };
});
await step('oneText', () => client.embeddings.create({ model: 'minilm', input: 'a man' }));
await step('chatOfEmbedder', () => client.chat.completions.create({ model: 'minilm', messages: messages('') }));
await step('noModel', () => client.chat.completions.create({ model: 'gpt-x', messages: messages('') }));
await step('invalid', () => client.chat.completions.create({ model: 'parrot', messages: [] }));
await step('unauthorized', () =>
  new OpenAI({ baseURL: `${url}/v1`, apiKey: 'wrong', maxRetries: 0 }).models.list());
await step('busy', () => client.chat.completions.create({ model: 'busy', messages: messages('') }));
await step('busyStream', () =>
  client.chat.completions.create({ model: 'busy', messages: messages(''), stream: true }));
await step('broken', async () =>
  read(await client.chat.completions.create({ model: 'broken', messages: messages(''), stream: true })));
await step('noRoute', () => client.responses.create({ model: 'parrot', input: 'one' }));
await step('abort', async () => {
  const stream = await client.chat.completions.create({
    model: 'endless',
    messages: messages(''),
    stream: true,
  });
  let pieces = 0;
  for await (const chunk of stream) {
    if (chunk.choices[0].delta.content && ++pieces === 3) {
      stream.controller.abort();
    }
  }
  return pieces >= 3;
});

console.log(JSON.stringify(results));
