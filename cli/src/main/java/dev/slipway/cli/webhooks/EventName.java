package dev.slipway.cli.webhooks;

import dev.slipway.registry.v1.WebhookEvent;
import dev.slipway.registry.v1.WebhookEvent.Action;
import dev.slipway.registry.v1.WebhookEvent.Entity;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * Reads and writes kinds of events as messages name them: {@code model_version.created}, or {@code
 * model_version} for all that is done to versions. Stateless.
 */
final class EventName implements ITypeConverter<WebhookEvent> {
  private static final String ENTITY = "ENTITY_";
  private static final String ACTION = "ACTION_";

  @Override
  public WebhookEvent convert(String text) {
    int dot = text.indexOf('.');
    WebhookEvent.Builder event =
        WebhookEvent.newBuilder()
            .setEntity(
                find(Entity.values(), ENTITY, dot < 0 ? text : text.substring(0, dot), text));
    if (dot >= 0) {
      event.setAction(find(Action.values(), ACTION, text.substring(dot + 1), text));
    }
    return event.build();
  }

  private static <E extends Enum<E>> E find(E[] all, String prefix, String name, String text) {
    return Arrays.stream(all)
        .filter(constant -> isNamed(constant, prefix))
        .filter(constant -> name(constant, prefix).equalsIgnoreCase(name))
        .findFirst()
        .orElseThrow(
            () ->
                new TypeConversionException(
                    "'%s' is no event: give one of %s, alone or with a dot and one of %s"
                        .formatted(
                            text, names(Entity.values(), ENTITY), names(Action.values(), ACTION))));
  }

  /** Returns whether people may name a constant: not what is unspecified or unknown. */
  private static boolean isNamed(Enum<?> constant, String prefix) {
    return constant.name().startsWith(prefix) && !constant.name().endsWith("_UNSPECIFIED");
  }

  private static String names(Enum<?>[] all, String prefix) {
    return Arrays.stream(all)
        .filter(constant -> isNamed(constant, prefix))
        .map(constant -> name(constant, prefix))
        .collect(Collectors.joining(", "));
  }

  private static String name(Enum<?> constant, String prefix) {
    return constant.name().replaceFirst("^" + prefix, "").toLowerCase(Locale.ROOT);
  }

  /** Returns the name of an event. */
  static String of(WebhookEvent event) {
    String entity = name(event.getEntity(), ENTITY);
    return event.getAction() == Action.ACTION_UNSPECIFIED
        ? entity
        : entity + "." + name(event.getAction(), ACTION);
  }
}
