import { z } from 'zod';
import { inputMeta, unwrap } from '../compose/input-meta.ts';
import type { Path } from './tree.ts';

/** A folder that a role's input names. */
export interface FolderInput {
  /** Of the input, below the role. */
  readonly path: Path;
  /** As it is written. */
  readonly folder: string;
}

/** Every value of `value` whose schema was made with `folder()`. */
export function folderInputs(
  schema: z.core.$ZodType,
  value: unknown,
  path: Path = [],
): readonly FolderInput[] {
  if (value === undefined || value === null) return [];
  if (typeof value === 'string') return inputMeta(schema).input === 'folder' ? [{ path, folder: value }] : [];
  const inner = unwrap(schema);
  if (inner) return folderInputs(inner, value, path);
  if (schema instanceof z.ZodUnion) {
    const form = schema.options.find((option) => z.safeParse(option, value).success);
    return form ? folderInputs(form, value, path) : [];
  }
  if (schema instanceof z.ZodArray && Array.isArray(value))
    return value.flatMap((item, index) => folderInputs(schema.element, item, [...path, index]));
  if (typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, item]) => {
    const below = schema instanceof z.ZodRecord ? schema.valueType : shapeOf(schema)[key];
    if (!below || isReplaced(below, value)) return [];
    return folderInputs(below, item, [...path, key]);
  });
}

/** Something else beside it is given in its place. */
function isReplaced(schema: z.core.$ZodType, beside: object): boolean {
  const { unless } = inputMeta(schema);
  return unless !== undefined && (beside as Readonly<Record<string, unknown>>)[unless] !== undefined;
}

function shapeOf(schema: z.core.$ZodType): Readonly<Record<string, z.core.$ZodType>> {
  return schema instanceof z.ZodObject ? schema.shape : {};
}
