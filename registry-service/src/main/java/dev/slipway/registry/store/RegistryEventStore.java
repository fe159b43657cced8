package dev.slipway.registry.store;

import dev.slipway.registry.event.ActivityFilter;
import dev.slipway.registry.event.RegistryChange;
import dev.slipway.registry.event.RegistryEvent;
import dev.slipway.registry.event.RegistryEventType;
import dev.slipway.registry.event.UnreadableEventException;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.model.RegisteredModel;
import dev.slipway.registry.version.ModelVersion;
import dev.slipway.registry.version.VersionNumber;
import dev.slipway.runtime.paging.Page;
import dev.slipway.runtime.paging.PageRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.mapper.reflect.ConstructorMapper;
import org.jdbi.v3.core.statement.Query;

/** Reads what happened to the registry, and its state at one revision. Thread-safe. */
public final class RegistryEventStore {
  private static final int SNAPSHOT_PART = 50;

  private final RegistryTransactions transactions;

  /** Creates the store. */
  public RegistryEventStore(RegistryTransactions transactions) {
    this.transactions = transactions;
  }

  /** Returns the revision of the last command; 0 before the first. */
  public long revision() {
    return transactions.readOne(handle -> handle.attach(RevisionDao.class).get());
  }

  /**
   * Lists events after a revision, oldest first, without a gap: at least one if there is any, and
   * no more than {@code limit} or about 1 MiB.
   */
  public List<RegistryEvent> listAfter(long revision, int limit) {
    return transactions.read(
        handle -> {
          RegistryEventDao dao = handle.attach(RegistryEventDao.class);
          List<RegistryEvent> events = new ArrayList<>();
          long weight = 0;
          int slice = Math.min(limit, BoundedPages.FIRST_SLICE);
          while (slice > 0) {
            List<RegistryEventDao.EventRow> rows = dao.listAfter(revision + events.size(), slice);
            for (RegistryEventDao.EventRow row : rows) {
              RegistryEvent event = event(row);
              weight += event.weight();
              if (!events.isEmpty() && weight > BoundedPages.MAX_WEIGHT) {
                return events;
              }
              events.add(event);
            }
            slice = rows.size() < slice ? 0 : BoundedPages.nextSlice(events.size(), weight, limit);
          }
          return events;
        });
  }

  /**
   * Returns once everything that the methods of this class have answered so far is durable: a
   * command can be seen a moment before it is.
   */
  public void awaitDurable() {
    transactions.awaitDurable();
  }

  /** Lists the events that a filter means. */
  public Page<RegistryEvent> list(ActivityFilter filter, PageRequest page) {
    return transactions.search(
        handle -> {
          Optional<Long> modelId = filter.name().map(name -> modelId(handle, name).orElse(-1L));
          return BoundedPages.read(
              page,
              slice ->
                  Page.of(
                      query(handle, filter, modelId, slice)
                          .map(ConstructorMapper.of(RegistryEventDao.EventRow.class))
                          .list()
                          .stream()
                          .map(RegistryEventStore::event)
                          .toList(),
                      slice,
                      RegistryEventStore::keys),
              RegistryEvent::weight,
              RegistryEventStore::keys);
        });
  }

  private static List<String> keys(RegistryEvent event) {
    return List.of(Long.toString(event.revision()));
  }

  /**
   * Receives the parts of a snapshot; may throw to end it early. Called on the thread that reads,
   * inside its transaction.
   */
  public interface SnapshotReceiver {
    /** Takes some models. */
    void models(long revision, List<RegisteredModel> models);

    /** Takes some versions; all models have come before. */
    void versions(long revision, List<ModelVersion> versions);
  }

  /**
   * Reads the whole state at one revision, a part at a time, so that memory use does not depend on
   * its size.
   *
   * @param names models wanted; empty for all
   * @return the revision
   */
  public long snapshot(Set<ModelName> names, SnapshotReceiver receiver) {
    return transactions.read(
        handle -> {
          long revision = handle.attach(RevisionDao.class).get();
          forEachModels(
              handle,
              names,
              rows ->
                  BoundedPages.split(
                      new RegistryReader(handle).models(rows),
                      RegisteredModel::weight,
                      part -> receiver.models(revision, part)));
          forEachModels(
              handle,
              names,
              rows -> rows.forEach(row -> sendVersions(handle, row.modelId(), revision, receiver)));
          return revision;
        });
  }

  private static void forEachModels(
      Handle handle,
      Set<ModelName> names,
      java.util.function.Consumer<List<RegisteredModelRow>> receiver) {
    RegisteredModelDao models = handle.attach(RegisteredModelDao.class);
    if (!names.isEmpty()) {
      names.stream()
          .map(ModelName::value)
          .sorted()
          .forEach(name -> models.findByName(name).ifPresent(row -> receiver.accept(List.of(row))));
      return;
    }
    String after = "";
    List<RegisteredModelRow> rows;
    do {
      rows = models.listAfter(after, SNAPSHOT_PART);
      if (!rows.isEmpty()) {
        receiver.accept(rows);
        after = rows.get(rows.size() - 1).name();
      }
    } while (rows.size() == SNAPSHOT_PART);
  }

  private static void sendVersions(
      Handle handle, long modelId, long revision, SnapshotReceiver receiver) {
    ModelVersionDao versions = handle.attach(ModelVersionDao.class);
    RegistryReader reader = new RegistryReader(handle);
    long above = 0;
    List<ModelVersionRow> rows;
    do {
      rows = versions.listAbove(modelId, above, SNAPSHOT_PART);
      if (!rows.isEmpty()) {
        BoundedPages.split(
            reader.briefs(rows), ModelVersion::weight, part -> receiver.versions(revision, part));
        above = rows.get(rows.size() - 1).version();
      }
    } while (rows.size() == SNAPSHOT_PART);
  }

  /**
   * Reads the event of a revision.
   *
   * @throws UnreadableEventException if what is stored for the revision is no event that this
   *     program knows
   */
  public RegistryEvent get(long revision) {
    Optional<RegistryEventDao.EventRow> row =
        transactions.readOne(handle -> handle.attach(RegistryEventDao.class).find(revision));
    try {
      return event(row.orElseThrow(() -> new IllegalStateException("it is not there")));
    } catch (RuntimeException e) {
      throw new UnreadableEventException(revision, e);
    }
  }

  private static Optional<Long> modelId(Handle handle, ModelName name) {
    return handle
        .attach(RegisteredModelDao.class)
        .findByName(name.value())
        .map(RegisteredModelRow::modelId)
        .or(() -> handle.attach(RegistryEventDao.class).findDeletedModel(name.value()));
  }

  private static Query query(
      Handle handle, ActivityFilter filter, Optional<Long> modelId, PageRequest page) {
    StringBuilder sql =
        new StringBuilder(
            """
            SELECT revision, event_time, actor, event_type, model_id, name, version, before_state, after_state,
              also_changed, event_comment, forced
            FROM registry_event WHERE 1 = 1
            """);
    modelId.ifPresent(id -> sql.append(" AND model_id = :modelId"));
    filter.version().ifPresent(version -> sql.append(" AND version = :version"));
    filter.actor().ifPresent(actor -> sql.append(" AND actor = :actor"));
    if (!filter.types().isEmpty()) {
      sql.append(" AND event_type = ANY(:types)");
    }
    filter.from().ifPresent(from -> sql.append(" AND event_time >= :from"));
    filter.until().ifPresent(until -> sql.append(" AND event_time < :until"));
    Optional<Long> seen = page.after(keys -> Long.parseLong(keys.get(0)));
    seen.ifPresent(
        revision ->
            sql.append(filter.oldestFirst() ? " AND revision > :seen" : " AND revision < :seen"));
    sql.append(" ORDER BY revision ").append(filter.oldestFirst() ? "ASC" : "DESC");
    sql.append(" FETCH FIRST :limit ROWS ONLY");
    Query query = handle.createQuery(sql.toString()).bind("limit", page.size() + 1);
    modelId.ifPresent(id -> query.bind("modelId", id));
    filter.version().ifPresent(version -> query.bind("version", version.value()));
    filter.actor().ifPresent(actor -> query.bind("actor", actor));
    if (!filter.types().isEmpty()) {
      query.bind(
          "types", filter.types().stream().map(RegistryEventType::name).toArray(String[]::new));
    }
    filter.from().ifPresent(from -> query.bind("from", from));
    filter.until().ifPresent(until -> query.bind("until", until));
    seen.ifPresent(revision -> query.bind("seen", revision));
    return query;
  }

  private static RegistryEvent event(RegistryEventDao.EventRow row) {
    return new RegistryEvent(
        row.revision(),
        row.eventTime(),
        row.actor(),
        RegistryEventType.valueOf(row.eventType()),
        row.modelId() == null ? OptionalLong.empty() : OptionalLong.of(row.modelId()),
        Optional.of(row.name()).filter(name -> !name.isEmpty()).map(ModelName::new),
        row.version() == 0 ? Optional.empty() : Optional.of(new VersionNumber(row.version())),
        new RegistryChange(
            Optional.ofNullable(row.beforeState()).map(EventStates::read),
            Optional.ofNullable(row.afterState()).map(EventStates::read)),
        EventStates.readChanges(row.alsoChanged()),
        row.eventComment(),
        row.forced());
  }
}
