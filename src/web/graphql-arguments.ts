import type { Static, TObject } from 'typebox'
import Value from 'typebox/value'
import { AppError, type InputError } from '../errors/app-error.ts'
import { findBadInput, pointerToken } from './input-text.ts'

/**
 * A field's arguments as the body that REST would have, held against the same schema. An argument that is null counts as left out, but
 * where the schema has a meaning for null. Throws `bad_request` with the places (`/arguments/…`).
 */
export function bodyOf<T extends TObject>(schema: T, args: object): Static<T> {
  const body = Object.fromEntries(
    Object.entries(schema.properties).flatMap(([name, property]) => {
      const value: unknown = Reflect.get(args, name)
      const isOut = value === undefined || (value === null && !Value.Check(property, null))
      return isOut ? [] : [[name, value]]
    }),
  )
  const bad = findBadInput(body, '/arguments')
  if (!bad && Value.Check(schema, body)) return body
  const errors = bad ? [bad] : placesOf(schema, body)
  throw new AppError('bad_request', {
    detail: errors.map(({ path, message }) => `${path} ${message}`).join('; '),
    errors,
  })
}

function placesOf(schema: TObject, body: unknown): InputError[] {
  return Value.Errors(schema, body).flatMap((error) => {
    const path = `/arguments${error.instancePath}`
    if (error.keyword === 'required')
      return error.params.requiredProperties.map((name) => ({
        path: `${path}/${pointerToken(name)}`,
        message: 'is missing',
      }))
    if (error.keyword === 'additionalProperties')
      return error.params.additionalProperties.map((name) => ({
        path: `${path}/${pointerToken(name)}`,
        message: 'is not a known key',
      }))
    return [{ path, message: error.message }]
  })
}
