import { z } from 'zod';
import { absolutePath, domain, folder, port } from '../../src/compose/inputs.ts';
import type { RecipeContext } from '../../src/compose/recipe.ts';
import { webTlsInput } from '../../src/compose/tls/input.ts';

const DEFAULT_SOURCE = './public';

export const inputs = z
  .strictObject({
    source: folder().default(DEFAULT_SOURCE).meta({
      unless: 'root',
      question: 'Which folder holds the site’s files?',
      help: 'It is uploaded as it is, and what vanishes from it vanishes from the site; index.html is the front page, 404.html the page for what is not there.',
    }),
    root: absolutePath()
      .refine((path) => /^(?:\/[A-Za-z0-9_][A-Za-z0-9_.-]*)+$/.test(path), {
        error: 'a folder that is served has letters, digits, _, . and - in its path',
      })
      .refine((path) => !/^\/(?:home|root|run\/user|tmp|var\/tmp)(?:\/|$)/.test(path), {
        error: 'nginx sees nothing of homes and of temporary files: serve a folder such as /srv/shared/www',
      })
      .optional()
      .meta({
        help: 'A folder on the host in place of one that is uploaded: what lies in it is served, whoever puts it there. Not below /home or /tmp, which nginx does not see.',
        example: '/srv/shared/www',
      }),
    domain: domain().optional().meta({
      help: 'The name under which people ask for the site. Without one it answers to the host’s address.',
      example: 'blog.example.org',
    }),
    aliases: z
      .array(domain())
      .default([])
      .meta({ help: 'Other names of the same site.', example: ['www.blog.example.org'] }),
    port: port().default(80).meta({
      help: 'Several sites with domains can share one port. With TLS 80 means 80 and 443, and any other is the port of https.',
    }),
    tls: webTlsInput(),
    spa: z.boolean().default(false).meta({
      help: 'A single-page application: addresses without a file of their own get index.html.',
    }),
  })
  .check(({ value, issues }) => {
    if (value.root === undefined || value.source === DEFAULT_SOURCE) return;
    const message = 'a site has files from this computer (source) or from the host (root), not both';
    issues.push({ code: 'custom', input: value.source, path: ['source'], message });
  })
  .check(({ value, issues }) => {
    if (value.domain !== undefined || value.aliases.length === 0) return;
    const message = 'these are further names for a domain, and the site has none: add domain';
    issues.push({ code: 'custom', input: value.aliases, path: ['aliases'], message });
  });

/** What a host file says about a site. */
export type SiteInput = z.output<typeof inputs>;
export type SiteContext = RecipeContext<SiteInput>;
