import { z } from 'zod';
import { cidr, domain, port, userName } from '../../src/compose/inputs.ts';
import type { RecipeContext } from '../../src/compose/recipe.ts';
import { webTlsInput } from '../../src/compose/tls/input.ts';
import { addressOf, target } from './target.ts';

export const inputs = z
  .strictObject({
    to: z.union([target(), z.array(target()).min(1)]).meta({
      question: 'Where does the application answer?',
      help: 'An address, or the name of another role of this host. Of several, each takes its share, and one that fails is passed over.',
      example: 'http://192.168.1.30:8096',
    }),
    domain: domain().optional().meta({
      help: 'The name under which people ask for it. Without one it answers to the host’s address.',
      example: 'media.example.org',
    }),
    aliases: z
      .array(domain())
      .default([])
      .meta({ help: 'Further names of the same.', example: ['tv.example.org'] }),
    port: port().default(80).meta({
      help: 'Several roles with domains can share one port, sites among them; gRPC without TLS needs one of its own. With TLS 80 means 80 and 443, and any other is the port of https.',
    }),
    tls: webTlsInput(),
    auth: z
      .array(userName())
      .default([])
      .meta({
        help: 'Who may come in, each by a password out of the vault (basic authentication). Empty: nobody is asked.',
        example: ['anna'],
      }),
    allow: z
      .array(cidr())
      .default([])
      .meta({
        help: 'Ranges of addresses that may come in, this host always. Empty: all whom expose lets in.',
        example: ['192.168.1.0/24'],
      }),
    trust: z
      .array(cidr())
      .default([])
      .meta({
        help: 'Proxies in front of this one, whose word about the visitor’s address counts.',
        example: ['192.168.1.2/32'],
      }),
    limit: z
      .strictObject({
        perSecond: z.int().min(1).max(10_000).meta({ help: 'Requests each second, on average.' }),
        burst: z
          .int()
          .min(1)
          .max(100_000)
          .default(50)
          .meta({ help: 'Requests at once; what is more gets 429.' }),
      })
      .optional()
      .meta({
        help: 'Requests that one address may send: on average each second, and at once.',
        example: { perSecond: 10 },
      }),
    cache: z
      .strictObject({
        seconds: z
          .int()
          .min(1)
          .max(31_536_000)
          .default(60)
          .meta({ help: 'How long an answer is fresh that does not say so itself.' }),
        maxMiB: z.int().min(1).max(1_048_576).default(1024).meta({ help: 'Disk space for all of them.' }),
      })
      .optional()
      .meta({
        help: 'Keep answers that are for everybody: seconds for those that do not say themselves how long.',
        example: { seconds: 60 },
      }),
    uploadMiB: z
      .int()
      .min(0)
      .max(1_048_576)
      .default(1024)
      .meta({ help: 'The largest upload, in MiB. 0: any.' }),
    streamUploads: z.boolean().default(false).meta({
      help: 'Pass an upload on while it arrives, instead of once it is here. It then cannot be sent to another server again.',
    }),
    streaming: z.boolean().default(false).meta({
      help: 'Pass every answer on as it arrives. WebSockets and server-sent events always are.',
    }),
    timeoutSeconds: z
      .int()
      .min(1)
      .max(86_400)
      .default(300)
      .meta({ help: 'How long the application may stay silent, in seconds.' }),
    hostHeader: domain().optional().meta({
      help: 'The name by which the application is asked, where the one that the visitor used will not do.',
    }),
    verify: z.boolean().default(true).meta({
      help: 'Check the certificate of an https:// or grpcs:// application that is given by name.',
    }),
    check: z
      .strictObject({
        path: z
          .string()
          .regex(/^\/[!-~]*$/, 'a path begins with / and has no spaces')
          .default('/')
          .meta({ help: 'What is asked for.' }),
        status: z.int().min(200).max(599).optional().meta({ help: 'The status that has to come.' }),
      })
      .prefault({})
      .meta({
        help: 'What `hostwright check` asks for; without a status any answer of the application will do.',
        example: { path: '/health', status: 200 },
      }),
  })
  .check(({ value, issues }) => {
    const refuse = (key: keyof typeof value, message: string): void => {
      issues.push({ code: 'custom', input: value[key], path: [key], message });
    };
    if (value.domain === undefined && value.aliases.length > 0)
      refuse('aliases', 'these are further names for a domain, and there is none: add domain');
    const schemes = [...new Set(listOf(value.to).flatMap((one) => addressOf(one)?.scheme ?? []))];
    if (schemes.length > 1)
      refuse(
        'to',
        `all of them are spoken to in the same way, not some by ${schemes.join(':// and some by ')}://`,
      );
    if (isGrpc(value) && value.cache) refuse('cache', 'answers of gRPC cannot be kept: leave it out');
    if (new Set(value.auth).size < value.auth.length) refuse('auth', 'a name is in it twice');
  });

/** What a host file says about a proxy. */
export type ProxyInput = z.output<typeof inputs>;
export type ProxyContext = RecipeContext<ProxyInput>;

/** `to` is one, or several. */
export function listOf(to: string | readonly string[]): readonly string[] {
  return typeof to === 'string' ? [to] : to;
}

/** gRPC is HTTP/2 on both sides, on a port of its own. Of a role by name it is not known here: those speak HTTP. */
export function isGrpc({ to }: Pick<ProxyInput, 'to'>): boolean {
  return listOf(to).some((one) => addressOf(one)?.scheme.startsWith('grpc') ?? false);
}
