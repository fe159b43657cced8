package dev.slipway.registry.store;

import dev.slipway.registry.actor.Caller;
import dev.slipway.registry.actor.IdempotencyKey;
import dev.slipway.registry.actor.RequestIdReusedException;
import dev.slipway.registry.check.CheckReport;
import dev.slipway.registry.event.RegistryChange;
import dev.slipway.registry.event.RegistryEventType;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.policy.CheckBasis;
import dev.slipway.registry.policy.CheckedBasis;
import dev.slipway.registry.policy.PolicyRules;
import dev.slipway.registry.request.NewTransitionRequest;
import dev.slipway.registry.request.NotTheRequesterException;
import dev.slipway.registry.request.TransitionDecision;
import dev.slipway.registry.request.TransitionRequest;
import dev.slipway.registry.request.TransitionRequestClosedException;
import dev.slipway.registry.request.TransitionRequestExistsException;
import dev.slipway.registry.request.TransitionRequestFilter;
import dev.slipway.registry.request.TransitionRequestId;
import dev.slipway.registry.request.TransitionRequestNotFoundException;
import dev.slipway.registry.request.TransitionRequestState;
import dev.slipway.registry.store.TransitionRequestDao.DecisionRow;
import dev.slipway.registry.store.TransitionRequestDao.DueRow;
import dev.slipway.registry.store.TransitionRequestDao.RequestRow;
import dev.slipway.registry.version.ModelVersion;
import dev.slipway.registry.version.VersionNumber;
import dev.slipway.runtime.database.DatabaseException;
import dev.slipway.runtime.error.InvalidRequestException;
import dev.slipway.runtime.paging.Page;
import dev.slipway.runtime.paging.PageRequest;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.mapper.reflect.ConstructorMapper;
import org.jdbi.v3.core.statement.Query;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps transition requests. Every change is one command: atomic, with its event, durable on
 * return; the approval that moves the version does so in its own transaction. Thread-safe.
 *
 * <p>All methods that take an id throw {@link TransitionRequestNotFoundException} when there is no
 * such request.
 */
public final class TransitionRequestStore {
  private static final Logger log = LoggerFactory.getLogger(TransitionRequestStore.class);

  private final RegistryTransactions transactions;

  /** Creates the store. */
  public TransitionRequestStore(RegistryTransactions transactions) {
    this.transactions = transactions;
  }

  /**
   * Reads what the checks of a request that is to be made would look at now, if nothing refuses it.
   *
   * @return absent when the policy has no checks, and when an earlier call has made the request
   * @throws dev.slipway.runtime.error.ServiceException as {@link #create} does
   */
  public Optional<CheckBasis> basis(NewTransitionRequest wanted, Optional<IdempotencyKey> key) {
    return transactions.read(
        handle -> {
          if (findEarlier(handle, key).isPresent()) {
            return Optional.empty();
          }
          RegistryReader reader = new RegistryReader(handle);
          StageReader stages = new StageReader(handle);
          RegisteredModelRow model = reader.modelRow(wanted.name());
          requirePossible(
              handle.attach(TransitionRequestDao.class),
              model,
              reader.brief(model, wanted.version()),
              wanted);
          return StageMoves.basis(reader, stages, model, wanted.version(), wanted.stage());
        });
  }

  /**
   * Makes a request, or returns what an earlier call with the same key made.
   *
   * @param id of the request, if it is made
   * @param checks verdicts of the policy's checks, if it has any
   * @throws TransitionRequestExistsException if an open one for the same version and stage exists
   * @throws dev.slipway.registry.version.VersionNotReadyException if the version's package was not
   *     read
   * @throws InvalidRequestException if the version is in the stage
   */
  public TransitionRequest create(
      TransitionRequestId id,
      NewTransitionRequest wanted,
      Optional<IdempotencyKey> key,
      Optional<CheckReport> checks,
      Caller caller) {
    return transactions.command(
        caller,
        command -> {
          Optional<RequestRow> earlier = findEarlier(command.handle(), key);
          RequestReader requests = new RequestReader(command.handle());
          if (earlier.isPresent()) {
            return requests.request(earlier.get());
          }
          RegisteredModelRow model = command.reader().modelRow(wanted.name());
          ModelVersion version = command.reader().brief(model, wanted.version());
          TransitionRequestDao dao = command.dao(TransitionRequestDao.class);
          requirePossible(dao, model, version, wanted);
          PolicyRules rules = command.stages().rules(model.modelId(), wanted.stage());
          dao.insert(
              new RequestRow(
                  id.value(),
                  model.modelId(),
                  model.name(),
                  wanted.version().value(),
                  version.stage().name(),
                  wanted.stage().name(),
                  wanted.archiveExisting(),
                  wanted.comment(),
                  TransitionRequestState.OPEN.name(),
                  true,
                  caller.name(),
                  command.now(),
                  command.now().plus(rules.requestLifetime()),
                  null,
                  rules.requiredApprovals(),
                  checks.map(RequestReader::text).orElse(null),
                  command.revision(),
                  command.revision(),
                  key.map(IdempotencyKey::requestId).orElse(null),
                  key.map(IdempotencyKey::fingerprint).orElse(null)));
          TransitionRequest made = requests.request(requests.row(id));
          command.record(
              RegistryEventType.TRANSITION_REQUEST_CREATED,
              model.modelId(),
              RegistryChange.created(made),
              List.of(),
              wanted.comment());
          return made;
        });
  }

  /**
   * Reads what the checks of the move would look at now that an approval would make.
   *
   * @return absent when the approval is not the last that is needed, or the move takes no checks
   * @throws dev.slipway.runtime.error.ServiceException as {@link #approve} does
   */
  public Optional<CheckBasis> approvalBasis(TransitionRequestId id, Caller caller) {
    return transactions.read(
        handle -> {
          RequestReader requests = new RequestReader(handle);
          RequestRow row = requests.row(id);
          TransitionRequest request = requests.request(row);
          if (isRepeated(request, caller)) {
            return Optional.empty();
          }
          return Approval.decide(
                  new RegistryReader(handle),
                  new StageReader(handle),
                  row.modelId(),
                  request,
                  caller,
                  "",
                  transactions.now())
              .move()
              .flatMap(StageMove::checks);
        });
  }

  /**
   * Approves a request; the last approval that the policy asks for moves the version. Whoever has
   * approved before, and still counts, changes nothing by approving again, save that the version is
   * moved when the policy has come to ask for no more.
   *
   * @param checked the checks that were run for the move, if any
   * @throws TransitionRequestClosedException if it is closed, or its time is up
   * @throws dev.slipway.registry.actor.RoleRequiredException if the caller may not approve
   * @throws dev.slipway.registry.policy.SelfApprovalException if somebody else must
   * @throws dev.slipway.runtime.error.ServiceException as {@link StageStore#transition} does, if
   *     the version cannot be moved; the approval is not kept then
   */
  public TransitionRequest approve(
      TransitionRequestId id, String comment, Optional<CheckedBasis> checked, Caller caller) {
    return transactions.command(
        caller,
        command -> {
          RequestReader requests = new RequestReader(command.handle());
          RequestRow row = requests.row(id);
          TransitionRequest before = requests.request(row);
          if (isRepeated(before, caller)) {
            return before;
          }
          Approval approval =
              Approval.decide(
                  command.reader(),
                  command.stages(),
                  row.modelId(),
                  before,
                  caller,
                  comment,
                  command.now());
          TransitionRequest approved =
              before.decided(approval.decisions(), approval.rules(), command.revision());
          if (approval.move().isEmpty()) {
            if (approved.decisions().equals(before.decisions())) {
              return before;
            }
            write(command, row, approved);
            command.record(
                RegistryEventType.TRANSITION_REQUEST_APPROVED,
                row.modelId(),
                RegistryChange.of(before, approved),
                List.of(),
                comment);
            return approved;
          }
          StageMove move = approval.move().get();
          Optional<CheckReport> report = StageMoves.requirePassed(move, checked, command.now());
          TransitionRequest executed =
              approved.closed(
                  TransitionRequestState.EXECUTED, command.now(), report, command.revision());
          write(command, row, executed);
          var unused =
              StageMoves.make(
                  command, move, report, List.of(RegistryChange.of(before, executed)), comment);
          return executed;
        });
  }

  /**
   * Rejects a request.
   *
   * @throws TransitionRequestClosedException if it is closed, or its time is up
   * @throws dev.slipway.registry.actor.RoleRequiredException if the caller may not decide
   */
  public TransitionRequest reject(TransitionRequestId id, String comment, Caller caller) {
    return transactions.command(
        caller,
        command ->
            close(
                command,
                id,
                RegistryEventType.TRANSITION_REQUEST_REJECTED,
                comment,
                (row, request) -> {
                  request.requireOpen(command.now());
                  PolicyRules rules = command.stages().rules(row.modelId(), request.to());
                  rules.requireApproverRole(caller, request.to());
                  return request
                      .decided(
                          request.with(
                              new TransitionDecision(caller, false, comment, command.now())),
                          rules,
                          command.revision())
                      .closed(
                          TransitionRequestState.REJECTED,
                          command.now(),
                          request.checks(),
                          command.revision());
                }));
  }

  /**
   * Withdraws a request.
   *
   * @throws TransitionRequestClosedException if it is closed, or its time is up
   * @throws NotTheRequesterException if somebody else made it
   */
  public TransitionRequest cancel(TransitionRequestId id, String comment, Caller caller) {
    return transactions.command(
        caller,
        command ->
            close(
                command,
                id,
                RegistryEventType.TRANSITION_REQUEST_CANCELLED,
                comment,
                (row, request) -> {
                  if (!request.requestedBy().equals(caller.name())) {
                    throw new NotTheRequesterException(id, request.requestedBy());
                  }
                  request.requireOpen(command.now());
                  return request.closed(
                      TransitionRequestState.CANCELLED,
                      command.now(),
                      request.checks(),
                      command.revision());
                }));
  }

  /**
   * Closes requests whose time is up, each in a command of its own by the registry itself. One that
   * cannot be closed is logged and passed over until the next call.
   *
   * @param pageSize how many are looked up at a time
   * @return how many were closed
   * @throws DatabaseException if the database does not answer
   */
  public int expireDue(int pageSize) {
    Instant now = transactions.now();
    int closed = 0;
    DueRow last = DueRow.FIRST;
    List<DueRow> page;
    do {
      DueRow behind = last;
      page =
          transactions.readOne(
              handle -> handle.attach(TransitionRequestDao.class).listDue(now, behind, pageSize));
      for (DueRow due : page) {
        closed += expireIfPossible(new TransitionRequestId(due.transitionRequestId())) ? 1 : 0;
        last = due;
      }
    } while (page.size() == pageSize);
    return closed;
  }

  private boolean expireIfPossible(TransitionRequestId id) {
    try {
      return expire(id);
    } catch (DatabaseException e) {
      throw e;
    } catch (RuntimeException e) {
      log.error("transition request {} cannot be expired", id.value(), e);
      return false;
    }
  }

  /** Closes the open request for the same version and stage if its time is up. */
  public void expireDue(NewTransitionRequest wanted) {
    transactions
        .readOne(
            handle -> {
              TransitionRequestDao dao = handle.attach(TransitionRequestDao.class);
              return handle
                  .attach(RegisteredModelDao.class)
                  .findByName(wanted.name().value())
                  .flatMap(
                      model ->
                          dao.findOpen(
                              model.modelId(), wanted.version().value(), wanted.stage().name()))
                  .filter(row -> !transactions.now().isBefore(row.expiresAt()));
            })
        .ifPresent(
            row -> {
              var unused = expire(new TransitionRequestId(row.transitionRequestId()));
            });
  }

  /** Closes a request if it is there, open, and its time is up; returns whether it was. */
  private boolean expire(TransitionRequestId id) {
    return transactions.command(
        Caller.SLIPWAY,
        command -> {
          Optional<RequestRow> row = command.dao(TransitionRequestDao.class).find(id.value());
          if (row.isEmpty()) {
            return false;
          }
          TransitionRequest before = new RequestReader(command.handle()).request(row.get());
          if (!before.isDue(command.now())) {
            return false;
          }
          var unused =
              close(
                  command,
                  id,
                  RegistryEventType.TRANSITION_REQUEST_EXPIRED,
                  "",
                  (same, request) ->
                      request.closed(
                          TransitionRequestState.EXPIRED,
                          command.now(),
                          request.checks(),
                          command.revision()));
          return true;
        });
  }

  /** Reads a request. */
  public TransitionRequest get(TransitionRequestId id) {
    return transactions.read(
        handle -> {
          RequestReader requests = new RequestReader(handle);
          return requests.request(requests.row(id));
        });
  }

  /** Lists requests, newest first. */
  public Page<TransitionRequest> list(TransitionRequestFilter filter, PageRequest page) {
    return transactions.search(
        handle ->
            BoundedPages.read(
                    page,
                    slice -> {
                      Page<RequestRow> rows =
                          Page.of(
                              query(handle, filter, slice)
                                  .map(ConstructorMapper.of(RequestRow.class))
                                  .list(),
                              slice,
                              row -> List.of(Long.toString(row.createdRevision())));
                      List<TransitionRequest> requests =
                          new RequestReader(handle).requests(rows.items());
                      return new Page<>(
                          IntStream.range(0, requests.size())
                              .mapToObj(i -> new Listed(rows.items().get(i), requests.get(i)))
                              .toList(),
                          rows.nextPageToken());
                    },
                    listed -> listed.request().weight(),
                    Listed::keys)
                .map(Listed::request));
  }

  private record Listed(RequestRow row, TransitionRequest request) {
    List<String> keys() {
      return List.of(Long.toString(row.createdRevision()));
    }
  }

  /** Says how a request looks once it is closed, or throws what refuses that. */
  private interface Closing {
    TransitionRequest close(RequestRow row, TransitionRequest request);
  }

  private static TransitionRequest close(
      RegistryCommand command,
      TransitionRequestId id,
      RegistryEventType type,
      String comment,
      Closing closing) {
    RequestReader requests = new RequestReader(command.handle());
    RequestRow row = requests.row(id);
    TransitionRequest before = requests.request(row);
    TransitionRequest after = closing.close(row, before);
    write(command, row, after);
    command.record(type, row.modelId(), RegistryChange.of(before, after), List.of(), comment);
    return after;
  }

  /** Writes what a command has made of a request. */
  private static void write(RegistryCommand command, RequestRow row, TransitionRequest after) {
    TransitionRequestDao dao = command.dao(TransitionRequestDao.class);
    dao.update(
        new RequestRow(
            row.transitionRequestId(),
            row.modelId(),
            row.name(),
            row.version(),
            row.fromStage(),
            row.toStage(),
            row.archiveExisting(),
            row.requestComment(),
            after.state().name(),
            after.state() == TransitionRequestState.OPEN ? true : null,
            row.requestedBy(),
            row.createdAt(),
            row.expiresAt(),
            after.closedAt().orElse(null),
            after.requiredApprovals(),
            after.checks().map(RequestReader::text).orElse(null),
            row.createdRevision(),
            after.revision(),
            row.requestId(),
            row.fingerprint()));
    // The caller's decision is the only one that a command makes, and it comes last.
    after.decisions().stream()
        .filter(decision -> decision.by().equals(command.caller()))
        .filter(decision -> decision.at().equals(command.now()))
        .forEach(
            decision -> {
              dao.deleteDecision(row.transitionRequestId(), decision.by().name());
              dao.insertDecision(
                  new DecisionRow(
                      row.transitionRequestId(),
                      decision.by().name(),
                      RequestReader.roles(decision.by()),
                      decision.approved(),
                      decision.comment(),
                      decision.at(),
                      command.revision()));
            });
  }

  private static boolean isRepeated(TransitionRequest request, Caller caller) {
    return request.state() == TransitionRequestState.EXECUTED && request.approvedBy(caller.name());
  }

  private static void requirePossible(
      TransitionRequestDao dao,
      RegisteredModelRow model,
      ModelVersion version,
      NewTransitionRequest wanted) {
    version.requireReady();
    if (version.stage() == wanted.stage()) {
      throw InvalidRequestException.of("stage", "is the stage that the version is in");
    }
    dao.findOpen(model.modelId(), wanted.version().value(), wanted.stage().name())
        .ifPresent(
            open -> {
              throw new TransitionRequestExistsException(
                  new TransitionRequestId(open.transitionRequestId()),
                  wanted.version(),
                  wanted.stage());
            });
  }

  private static Optional<RequestRow> findEarlier(Handle handle, Optional<IdempotencyKey> key) {
    Optional<RequestRow> earlier =
        key.flatMap(k -> handle.attach(TransitionRequestDao.class).findByRequestId(k.requestId()));
    if (earlier.isPresent() && !earlier.get().fingerprint().equals(key.get().fingerprint())) {
      throw new RequestIdReusedException(key.get());
    }
    return earlier;
  }

  private static Query query(Handle handle, TransitionRequestFilter filter, PageRequest page) {
    StringBuilder sql = new StringBuilder(TransitionRequestDao.SELECT).append("WHERE 1 = 1");
    filter.name().ifPresent(name -> sql.append(" AND m.name = :name"));
    filter.version().ifPresent(version -> sql.append(" AND r.version = :version"));
    filter.state().ifPresent(state -> sql.append(" AND r.state = :state"));
    filter.requestedBy().ifPresent(by -> sql.append(" AND r.requested_by = :requestedBy"));
    Optional<Long> seen = page.after(keys -> Long.parseLong(keys.get(0)));
    seen.ifPresent(revision -> sql.append(" AND r.created_revision < :seen"));
    sql.append(" ORDER BY r.created_revision DESC FETCH FIRST :limit ROWS ONLY");
    Query query = handle.createQuery(sql.toString()).bind("limit", page.size() + 1);
    filter.name().map(ModelName::value).ifPresent(name -> query.bind("name", name));
    filter.version().map(VersionNumber::value).ifPresent(v -> query.bind("version", v));
    filter.state().ifPresent(state -> query.bind("state", state.name()));
    filter.requestedBy().ifPresent(by -> query.bind("requestedBy", by));
    seen.ifPresent(revision -> query.bind("seen", revision));
    return query;
  }
}
