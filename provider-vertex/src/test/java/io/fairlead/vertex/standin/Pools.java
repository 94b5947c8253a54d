package io.fairlead.vertex.standin;

import com.google.cloud.aiplatform.v1.CreateDeploymentResourcePoolOperationMetadata;
import com.google.cloud.aiplatform.v1.CreateDeploymentResourcePoolRequest;
import com.google.cloud.aiplatform.v1.DeleteDeploymentResourcePoolRequest;
import com.google.cloud.aiplatform.v1.DeleteOperationMetadata;
import com.google.cloud.aiplatform.v1.DeploymentResourcePool;
import com.google.cloud.aiplatform.v1.GetDeploymentResourcePoolRequest;
import com.google.cloud.aiplatform.v1.ListDeploymentResourcePoolsRequest;
import com.google.cloud.aiplatform.v1.ListDeploymentResourcePoolsResponse;
import com.google.cloud.aiplatform.v1.UpdateDeploymentResourcePoolOperationMetadata;
import com.google.cloud.aiplatform.v1.UpdateDeploymentResourcePoolRequest;
import com.google.longrunning.Operation;
import com.google.protobuf.Empty;
import com.google.protobuf.util.FieldMaskUtil;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** DeploymentResourcePoolService: machines that several deployed models share. */
final class Pools {
  private static final Pattern ID = Pattern.compile("[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?");
  private static final Set<String> MUTABLE = Set.of(
      "dedicated_resources.min_replica_count",
      "dedicated_resources.max_replica_count",
      "dedicated_resources.required_replica_count",
      "dedicated_resources.autoscaling_metric_specs",
      "disable_container_logging");

  private final Project project;
  private final Map<String, DeploymentResourcePool> pools = new TreeMap<>();

  Pools(Project project) {
    this.project = project;
  }

  void remains(Set<String> all) {
    pools
        .values()
        .forEach(pool -> all.add("pool/" + project.name(pool.getName()).id()));
  }

  Collection<DeploymentResourcePool> all() {
    return pools.values();
  }

  void add(ResourceName name, DeploymentResourcePool pool) {
    pools.put(
        name.key(),
        pool.toBuilder().setName(name.toString()).setCreateTime(project.now()).build());
  }

  DeploymentResourcePool existing(String name) {
    DeploymentResourcePool pool = pools.get(project.name(name).key());
    if (pool == null) {
      throw Refusal.notFound("DeploymentResourcePool " + name);
    }
    return pool;
  }

  Operation create(CreateDeploymentResourcePoolRequest request) {
    Rules.pattern("deployment_resource_pool_id", ID, request.getDeploymentResourcePoolId());
    DeploymentResourcePool pool = request.getDeploymentResourcePool();
    Rules.replicas(pool.getDedicatedResources(), "deployment_resource_pool.dedicated_resources.");
    ResourceName name = project
        .name(request.getParent())
        .sibling("deploymentResourcePools", request.getDeploymentResourcePoolId());
    if (pools.containsKey(name.key())
        || project.operations().isUnderWay("CreateDeploymentResourcePool", name, "")) {
      throw Refusal.alreadyExists("DeploymentResourcePool " + name);
    }
    return project
        .operations()
        .start(
            "CreateDeploymentResourcePool",
            name,
            "",
            (generic, stage) -> CreateDeploymentResourcePoolOperationMetadata.newBuilder()
                .setGenericMetadata(generic)
                .build(),
            () -> {
              add(name, pool);
              return pools.get(name.key());
            });
  }

  DeploymentResourcePool get(GetDeploymentResourcePoolRequest request) {
    return existing(request.getName());
  }

  ListDeploymentResourcePoolsResponse list(ListDeploymentResourcePoolsRequest request) {
    ResourceName parent = project.name(request.getParent());
    List<DeploymentResourcePool> here = pools.values().stream()
        .filter(pool -> project.name(pool.getName()).location().equals(parent.location()))
        .toList();
    ListDeploymentResourcePoolsResponse.Builder response =
        ListDeploymentResourcePoolsResponse.newBuilder();
    Pages.list(
        here,
        pool -> new Pages.Facts(Map.of(), "", ""),
        "",
        project.pageSize(),
        request.getPageSize(),
        request.getPageToken(),
        response::addDeploymentResourcePools,
        response::setNextPageToken);
    return response.build();
  }

  Operation update(UpdateDeploymentResourcePoolRequest request) {
    DeploymentResourcePool pool = existing(request.getDeploymentResourcePool().getName());
    ResourceName name = project.name(pool.getName());
    Rules.mask(request.getUpdateMask(), MUTABLE);
    project.operations().refuseIfBusy(name);
    DeploymentResourcePool.Builder changed = pool.toBuilder();
    FieldMaskUtil.merge(
        request.getUpdateMask(), request.getDeploymentResourcePool(), changed, Endpoints.REPLACING);
    Rules.replicas(
        changed.getDedicatedResources(), "deployment_resource_pool.dedicated_resources.");
    return project
        .operations()
        .start(
            "UpdateDeploymentResourcePool",
            name,
            "",
            (generic, stage) -> UpdateDeploymentResourcePoolOperationMetadata.newBuilder()
                .setGenericMetadata(generic)
                .build(),
            () -> {
              pools.put(name.key(), changed.build());
              return changed.build();
            });
  }

  Operation delete(DeleteDeploymentResourcePoolRequest request) {
    ResourceName name = project.name(existing(request.getName()).getName());
    project.operations().refuseIfBusy(name);
    List<String> users = project.endpoints().sharing(name);
    if (!users.isEmpty()) {
      throw Refusal.precondition("DeploymentResourcePool " + name
          + " cannot be deleted: it has deployed models at " + String.join(", ", users));
    }
    return project
        .operations()
        .start(
            "DeleteDeploymentResourcePool",
            name,
            "",
            (generic, stage) ->
                DeleteOperationMetadata.newBuilder().setGenericMetadata(generic).build(),
            () -> {
              pools.remove(name.key());
              return Empty.getDefaultInstance();
            });
  }
}
