package dev.slipway.registry.store;

import dev.slipway.registry.actor.Caller;
import dev.slipway.registry.actor.IdempotencyKey;
import dev.slipway.registry.event.RegistryChange;
import dev.slipway.registry.event.RegistryEventType;
import dev.slipway.registry.event.RegistryState;
import dev.slipway.registry.model.TooManyException;
import dev.slipway.registry.webhook.Webhook;
import dev.slipway.registry.webhook.WebhookEvent;
import dev.slipway.registry.webhook.WebhookExistsException;
import dev.slipway.registry.webhook.WebhookId;
import dev.slipway.registry.webhook.WebhookNotFoundException;
import dev.slipway.registry.webhook.WebhookSecret;
import dev.slipway.registry.webhook.WebhookSettings;
import dev.slipway.registry.webhook.WebhookUpdate;
import dev.slipway.runtime.error.InvalidRequestException;
import dev.slipway.runtime.paging.Page;
import dev.slipway.runtime.paging.PageRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jdbi.v3.core.Handle;

/**
 * Keeps webhooks. Every change is one command: atomic, with its event, durable on return.
 * Thread-safe.
 */
public final class WebhookStore {
  private final RegistryTransactions transactions;

  /** Creates the store. */
  public WebhookStore(RegistryTransactions transactions) {
    this.transactions = transactions;
  }

  /**
   * Is what creating a webhook did.
   *
   * @param fresh whether this call made it, and not an earlier one with the same key
   */
  public record Created(Webhook webhook, boolean fresh) {}

  /** Is a webhook with what signs its messages. */
  public record Signed(Webhook webhook, WebhookSecret secret) {}

  /**
   * Creates a webhook, or returns what an earlier call with the same key made.
   *
   * @param id not used before
   * @throws WebhookExistsException if the name is taken
   * @throws TooManyException if there are {@value Webhook#MAX_WEBHOOKS} already
   * @throws WebhookNotFoundException if the earlier call's webhook is gone
   */
  public Created create(
      WebhookId id,
      WebhookSettings settings,
      WebhookSecret secret,
      Optional<IdempotencyKey> key,
      Caller caller) {
    return transactions.command(
        caller,
        command -> {
          Optional<CreateRequestDao.RequestRow> earlier =
              RegistryTransactions.findEarlier(command.dao(CreateRequestDao.class), key);
          WebhookDao dao = command.dao(WebhookDao.class);
          if (earlier.isPresent()) {
            WebhookDao.WebhookRow row =
                dao.findByCreation(earlier.get().modelId())
                    .orElseThrow(() -> new WebhookNotFoundException(settings.name()));
            return new Created(reader(command).webhook(row), false);
          }
          if (dao.findByName(settings.name()).isPresent()) {
            throw new WebhookExistsException(settings.name());
          }
          if (dao.count() >= Webhook.MAX_WEBHOOKS) {
            throw new TooManyException("webhooks", "the registry", Webhook.MAX_WEBHOOKS);
          }
          dao.insert(
              new WebhookDao.WebhookRow(
                  id.value(),
                  command.revision(),
                  settings.name(),
                  settings.description(),
                  settings.url(),
                  settings.format().name(),
                  secret.text(),
                  settings.state().name(),
                  settings.timeout().toMillis(),
                  settings.maxAttempts(),
                  command.now(),
                  caller.name(),
                  command.now(),
                  caller.name(),
                  command.revision()));
          insertFilters(dao, id, settings);
          command.dao(WebhookTurnDao.class).insert(id.value(), command.now());
          // The request remembers a revision in place of a model: what created the thing.
          RegistryTransactions.remember(command, key, command.revision(), 0);
          record(
              command,
              RegistryEventType.WEBHOOK_CREATED,
              Optional.empty(),
              Optional.of(read(command, id)));
          return new Created(read(command, id), true);
        });
  }

  /** Reads a webhook. */
  public Webhook get(WebhookId id) {
    return transactions.read(handle -> reader(handle).webhook(row(handle, id)));
  }

  /** Reads a webhook with its secret. */
  public Signed getSigned(WebhookId id) {
    return transactions.read(
        handle -> {
          WebhookDao.WebhookRow row = row(handle, id);
          return new Signed(reader(handle).webhook(row), WebhookReader.secret(row));
        });
  }

  /** Lists webhooks by name. */
  public Page<Webhook> list(PageRequest page) {
    return transactions.search(
        handle -> {
          WebhookReader reader = reader(handle);
          return BoundedPages.read(
              page,
              slice ->
                  Page.of(
                      reader.webhooks(
                          handle
                              .attach(WebhookDao.class)
                              .listAfter(
                                  slice.after(keys -> keys.get(0)).orElse(""), slice.size() + 1)),
                      slice,
                      WebhookStore::keys),
              Webhook::weight,
              WebhookStore::keys);
        });
  }

  /**
   * Changes a webhook.
   *
   * @throws WebhookExistsException if another webhook has the new name
   * @throws InvalidRequestException if the new secret is none of the webhook's format
   */
  public Webhook update(WebhookId id, WebhookUpdate update, Caller caller) {
    return transactions.command(
        caller,
        command -> {
          WebhookDao dao = command.dao(WebhookDao.class);
          WebhookDao.WebhookRow row =
              dao.find(id.value()).orElseThrow(() -> new WebhookNotFoundException(id));
          Webhook before = reader(command).webhook(row);
          WebhookSettings settings = update.applyTo(before.settings());
          String secret =
              update.secret().map(given -> secret(settings, given)).orElse(row.secret());
          if (settings.equals(before.settings()) && secret.equals(row.secret())) {
            return before;
          }
          if (!settings.name().equals(row.name()) && dao.findByName(settings.name()).isPresent()) {
            throw new WebhookExistsException(settings.name());
          }
          dao.update(
              new WebhookDao.WebhookRow(
                  row.webhookId(),
                  row.createdRevision(),
                  settings.name(),
                  settings.description(),
                  settings.url(),
                  row.format(),
                  secret,
                  settings.state().name(),
                  settings.timeout().toMillis(),
                  settings.maxAttempts(),
                  row.createdAt(),
                  row.createdBy(),
                  command.now(),
                  caller.name(),
                  command.revision()));
          dao.deleteEvents(id.value());
          dao.deleteModels(id.value());
          insertFilters(dao, id, settings);
          record(
              command,
              RegistryEventType.WEBHOOK_UPDATED,
              Optional.of(before),
              Optional.of(read(command, id)));
          return read(command, id);
        });
  }

  private static String secret(WebhookSettings settings, String given) {
    try {
      return WebhookSecret.parse(settings.format(), given).text();
    } catch (IllegalArgumentException e) {
      throw InvalidRequestException.of("webhook.secret", e.getMessage());
    }
  }

  /** Deletes a webhook with its deliveries. */
  public void delete(WebhookId id, Caller caller) {
    transactions.command(
        caller,
        command -> {
          Webhook before = read(command, id);
          // Whoever sends for it holds this row first as well, and then its deliveries.
          command.dao(WebhookTurnDao.class).delete(id.value());
          command.dao(WebhookDao.class).delete(id.value());
          record(command, RegistryEventType.WEBHOOK_DELETED, Optional.of(before), Optional.empty());
          return true;
        });
  }

  private static void insertFilters(WebhookDao dao, WebhookId id, WebhookSettings settings) {
    List<WebhookDao.EventRow> events = new ArrayList<>();
    for (WebhookEvent event : settings.events()) {
      events.add(
          new WebhookDao.EventRow(
              id.value(),
              events.size(),
              event.entity().name(),
              event.action().map(Enum::name).orElse("")));
    }
    dao.insertEvents(events);
    dao.insertModels(
        settings.models().stream()
            .map(model -> new WebhookDao.ModelRow(id.value(), model.value()))
            .toList());
  }

  private static void record(
      RegistryCommand command,
      RegistryEventType type,
      Optional<Webhook> before,
      Optional<Webhook> after) {
    command.record(
        type,
        OptionalLong.empty(),
        new RegistryChange(
            before.map(RegistryState.OfWebhook::new), after.map(RegistryState.OfWebhook::new)),
        List.of(),
        "",
        false);
  }

  private static Webhook read(RegistryCommand command, WebhookId id) {
    return reader(command)
        .webhook(
            command
                .dao(WebhookDao.class)
                .find(id.value())
                .orElseThrow(() -> new WebhookNotFoundException(id)));
  }

  private static WebhookReader reader(RegistryCommand command) {
    return new WebhookReader(
        command.dao(WebhookDao.class),
        command.dao(WebhookDeliveryDao.class),
        command.dao(RevisionDao.class));
  }

  static WebhookReader reader(Handle handle) {
    return new WebhookReader(
        handle.attach(WebhookDao.class),
        handle.attach(WebhookDeliveryDao.class),
        handle.attach(RevisionDao.class));
  }

  static WebhookDao.WebhookRow row(Handle handle, WebhookId id) {
    return handle
        .attach(WebhookDao.class)
        .find(id.value())
        .orElseThrow(() -> new WebhookNotFoundException(id));
  }

  private static List<String> keys(Webhook webhook) {
    return List.of(webhook.settings().name());
  }
}
