/**
 * One form for "absent" in our results: the member is not there.
 *
 * @module
 */

/** An object type with its `undefined`-able members optional instead. */
export type Present<Shape> =
  & {
    [Key in keyof Shape as undefined extends Shape[Key] ? never : Key]:
      Shape[Key];
  }
  & {
    [Key in keyof Shape as undefined extends Shape[Key] ? Key : never]?:
      Exclude<Shape[Key], undefined>;
  };

/**
 * Drops members that are `undefined`.
 *
 * @param shape Any object; it is left as it is.
 */
export function present<Shape extends object>(shape: Shape): Present<Shape> {
  return Object.fromEntries(
    Object.entries(shape).filter(([, value]) => value !== undefined),
  ) as Present<Shape>;
}
