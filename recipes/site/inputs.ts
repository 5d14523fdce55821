import { z } from 'zod';
import { domain, folder, port } from '../../src/compose/inputs.ts';
import type { RecipeContext } from '../../src/compose/recipe.ts';

export const inputs = z
  .strictObject({
    source: folder().default('./public').meta({
      question: 'Which folder holds the site’s files?',
      help: 'It is uploaded as it is; index.html is the front page, 404.html the page for what is not there.',
    }),
    domain: domain().optional().meta({
      help: 'The name under which people ask for the site. Without one it answers to the host’s address.',
      example: 'blog.example.org',
    }),
    aliases: z
      .array(domain())
      .default([])
      .meta({ help: 'Other names of the same site.', example: ['www.blog.example.org'] }),
    port: port().default(80).meta({ help: 'Several sites with domains can share one port.' }),
    spa: z.boolean().default(false).meta({
      help: 'A single-page application: addresses without a file of their own get index.html.',
    }),
  })
  .check(({ value, issues }) => {
    if (value.domain !== undefined || value.aliases.length === 0) return;
    const message = 'these are further names for a domain, and the site has none: add domain';
    issues.push({ code: 'custom', input: value.aliases, path: ['aliases'], message });
  });

/** What a host file says about a site. */
export type SiteInput = z.output<typeof inputs>;
export type SiteContext = RecipeContext<SiteInput>;
