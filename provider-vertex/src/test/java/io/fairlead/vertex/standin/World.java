package io.fairlead.vertex.standin;

import com.google.api.gax.grpc.GrpcTransportChannel;
import com.google.api.gax.rpc.FixedTransportChannelProvider;
import com.google.api.gax.rpc.TransportChannelProvider;
import com.google.protobuf.Message;
import io.fairlead.contract.Faults;
import io.grpc.Channel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The projects and buckets that requests find by their names, and a way to them without a wire.
 *
 * <p>A copy of a project has its names, so it is in a world of its own.
 */
final class World implements AutoCloseable {
  private static final Pattern PROJECT = Pattern.compile("projects/([^/]+)/.*");

  private final Map<String, Project> projects = new ConcurrentHashMap<>();
  private final Map<String, Project> buckets = new ConcurrentHashMap<>();
  private final Server server;
  private final Channel channel;

  World() {
    String name = InProcessServerBuilder.generateName();
    InProcessServerBuilder builder = InProcessServerBuilder.forName(name).directExecutor();
    Services.all(this).forEach(builder::addService);
    try {
      server = builder.build().start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    channel = InProcessChannelBuilder.forName(name).directExecutor().build();
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

  /** {@return what clients speak through whose calls are answered on the thread that makes them} */
  TransportChannelProvider transport(Faults faults) {
    return FixedTransportChannelProvider.create(
        GrpcTransportChannel.create(new SharedChannel(channel, new BrokenChannel(faults))));
  }

  @Override
  public void close() {
    server.shutdownNow();
  }
}
