package io.fairlead.vertex.standin;

import com.google.api.gax.grpc.GrpcTransportChannel;
import com.google.api.gax.rpc.FixedTransportChannelProvider;
import com.google.api.gax.rpc.TransportChannelProvider;
import com.google.protobuf.Message;
import io.fairlead.contract.Faults;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.stub.MetadataUtils;
import java.net.http.HttpClient;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The projects and buckets that requests find by their names, and a way to them without a wire.
 *
 * <p>A copy of a project has its names, so it is in a world of its own.
 */
final class World implements AutoCloseable {
  private static final Pattern PROJECT = Pattern.compile("projects/([^/]+)/.*");
  private static final Metadata.Key<String> ID =
      Metadata.Key.of("stand-in-world", Metadata.ASCII_STRING_MARSHALLER);
  private static final AtomicLong IDS = new AtomicLong();
  private static final Map<String, World> WORLDS = new ConcurrentHashMap<>();

  private final Map<String, Project> projects = new ConcurrentHashMap<>();
  private final Map<String, Project> buckets = new ConcurrentHashMap<>();
  private final String id = String.valueOf(IDS.incrementAndGet());

  World() {
    WORLDS.put(id, this);
  }

  void add(Project project) {
    if (projects.putIfAbsent(project.id(), project) != null) {
      throw new IllegalArgumentException(
          "there is a project " + project.id() + " already: close it first");
    }
    projects.put(project.number(), project);
  }

  void addBucket(String bucket, Project owner) {
    if (buckets.putIfAbsent(bucket, owner) != null) {
      throw new IllegalArgumentException("there is a bucket " + bucket + " already");
    }
  }

  void remove(Project project) {
    projects.remove(project.id());
    projects.remove(project.number());
    buckets.values().removeIf(owner -> owner == project);
  }

  Optional<Project> ownerOf(String bucket) {
    return Optional.ofNullable(buckets.get(bucket));
  }

  Project projectOf(Message request) {
    String name = StandIn.name(request)
        .orElseThrow(() -> Refusal.invalid("name", "Required field is not set."));
    if (name.startsWith("publishers/")) {
      return projects.values().stream()
          .filter(project -> project.hasPublisherModel(name))
          .findFirst()
          .orElseThrow(() -> Refusal.notFound("Publisher Model `" + name + "`"));
    }
    Matcher matcher = PROJECT.matcher(name);
    if (!matcher.matches()) {
      throw Refusal.invalid("name", "Invalid resource name: " + name);
    }
    Project project = projects.get(matcher.group(1));
    if (project == null) {
      throw Refusal.of(
          Status.Code.PERMISSION_DENIED,
          "Permission denied on resource '//aiplatform.googleapis.com/" + name
              + "' (or it may not exist).");
    }
    return project;
  }

  /**
   * {@return what clients speak through whose calls are answered on the thread that makes them}
   *
   * <p>Predictions go over the wire all the same: their answers come while their callers do something else, and the
   * SDK hands on the headers of those only that it received itself.
   *
   * @param wire leads to the stand-in as the SDK does it
   */
  TransportChannelProvider transport(Faults faults, Channel wire) {
    Channel predictions = naming(wire);
    return FixedTransportChannelProvider.create(GrpcTransportChannel.create(
        new SharedChannel(new DirectChannel(this, predictions), new BrokenChannel(faults))));
  }

  /** {@return what HTTPS requests to dedicated hosts are made with, all of which come here} */
  HttpClient http() {
    return new RedirectingHttp(StandIn.storage(), Map.of(ID.originalName(), id));
  }

  private Channel naming(Channel wire) {
    Metadata said = new Metadata();
    said.put(ID, id);
    return ClientInterceptors.intercept(wire, MetadataUtils.newAttachHeadersInterceptor(said));
  }

  /** {@return the world that a call says it is for, which it says no more, or else this one} */
  World of(Metadata headers) {
    Iterable<String> said = headers.removeAll(ID);
    return said == null ? this : WORLDS.getOrDefault(said.iterator().next(), this);
  }

  @Override
  public void close() {
    WORLDS.remove(id);
  }
}
