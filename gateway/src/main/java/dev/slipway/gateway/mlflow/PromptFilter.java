package dev.slipway.gateway.mlflow;

import java.util.regex.Pattern;

/**
 * Hides prompts from searches of models. MLflow keeps prompts as registered models with a tag, and
 * leaves them out unless a filter asks for them.
 */
final class PromptFilter {
  private static final String HIDE = "tags.`mlflow.prompt.is_prompt` != 'true'";

  /** What a filter says that asks for prompts. */
  private static final Pattern ASKS =
      Pattern.compile(
          "tags?\\.[`\"]mlflow\\.prompt\\.is_prompt[`\"]\\s*(=\\s*['\"]true['\"]|!=\\s*['\"]false['\"])",
          Pattern.CASE_INSENSITIVE);

  private static final Pattern LAST_AND = Pattern.compile("\\s+and\\s*$", Pattern.CASE_INSENSITIVE);

  private PromptFilter() {}

  /** Returns the filter that also hides prompts; the same one when it asks for them itself. */
  static String hidingPrompts(String filter) {
    if (filter.isEmpty()) {
      return HIDE;
    }
    if (filter.isBlank() || ASKS.matcher(filter).find()) {
      return filter;
    }
    return "(" + LAST_AND.matcher(filter).replaceFirst("") + ") AND " + HIDE;
  }
}
