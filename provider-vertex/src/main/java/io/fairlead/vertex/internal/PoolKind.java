package io.fairlead.vertex.internal;

import com.google.cloud.aiplatform.v1.CreateDeploymentResourcePoolRequest;
import com.google.cloud.aiplatform.v1.DeleteDeploymentResourcePoolRequest;
import com.google.cloud.aiplatform.v1.DeploymentResourcePool;
import com.google.cloud.aiplatform.v1.EncryptionSpec;
import com.google.cloud.aiplatform.v1.GetDeploymentResourcePoolRequest;
import com.google.cloud.aiplatform.v1.ListDeploymentResourcePoolsRequest;
import com.google.cloud.aiplatform.v1.ListDeploymentResourcePoolsResponse;
import com.google.cloud.aiplatform.v1.UpdateDeploymentResourcePoolRequest;
import com.google.protobuf.FieldMask;
import io.fairlead.reconcile.Accepted;
import io.fairlead.reconcile.Listed;
import io.fairlead.reconcile.Look;
import io.fairlead.reconcile.Observed;
import io.fairlead.reconcile.OwnerTag;
import io.fairlead.reconcile.ResourceRef;
import io.fairlead.vertex.internal.values.VertexTimes;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Deployment resource pools. They have no labels: the prefix of the id shows that a pool is managed by Fairlead. */
final class PoolKind extends VertexKind<PoolSpec> {
  PoolKind(VertexNames names, VertexCalls calls) {
    super(PoolSpec.KIND, names, calls);
  }

  @Override
  public Observed<PoolSpec> read(String id, Look look) {
    return calls
        .find(
            "Get deployment resource pool " + id,
            calls.clients().pools().getDeploymentResourcePoolCallable(),
            GetDeploymentResourcePoolRequest.newBuilder()
                .setName(names.pool(id))
                .build())
        .map(pool -> Observed.ready(new PoolSpec(
            VertexMachine.of(pool.getDedicatedResources()),
            pool.getServiceAccount(),
            pool.getEncryptionSpec().getKmsKeyName())))
        .orElseGet(Observed::absent);
  }

  @Override
  public Accepted create(String id, PoolSpec desired, OwnerTag owner) {
    DeploymentResourcePool.Builder pool = DeploymentResourcePool.newBuilder()
        .setDedicatedResources(desired.machine().resources())
        .setServiceAccount(desired.serviceAccount());
    if (!desired.encryptionKey().isEmpty()) {
      pool.setEncryptionSpec(EncryptionSpec.newBuilder().setKmsKeyName(desired.encryptionKey()));
    }
    return calls.create(
        "Create deployment resource pool " + id,
        calls.clients().pools().createDeploymentResourcePoolCallable(),
        CreateDeploymentResourcePoolRequest.newBuilder()
            .setParent(names.parent())
            .setDeploymentResourcePoolId(id)
            .setDeploymentResourcePool(pool)
            .build(),
        names.pool(id));
  }

  @Override
  public Accepted update(String id, Observed<PoolSpec> current, PoolSpec desired) {
    PoolSpec actual = current.value().orElseThrow();
    return calls.start(
        "Update deployment resource pool " + id,
        calls.clients().pools().updateDeploymentResourcePoolCallable(),
        UpdateDeploymentResourcePoolRequest.newBuilder()
            .setDeploymentResourcePool(DeploymentResourcePool.newBuilder()
                .setName(names.pool(id))
                .setDedicatedResources(desired.machine().resources()))
            .setUpdateMask(
                FieldMask.newBuilder().addAllPaths(actual.machine().pathsTo(desired.machine())))
            .build());
  }

  @Override
  public Accepted delete(String id, Observed<PoolSpec> current, Set<ResourceRef> going) {
    return calls.start(
        "Delete deployment resource pool " + id,
        calls.clients().pools().deleteDeploymentResourcePoolCallable(),
        DeleteDeploymentResourcePoolRequest.newBuilder().setName(names.pool(id)).build());
  }

  @Override
  public List<Listed> list(Look look) {
    return calls
        .list(
            "deployment resource pools",
            token -> calls.call(
                "List deployment resource pools",
                calls.clients().pools().listDeploymentResourcePoolsCallable(),
                ListDeploymentResourcePoolsRequest.newBuilder()
                    .setParent(names.parent())
                    .setPageSize(VertexCalls.PAGE)
                    .setPageToken(token)
                    .build()),
            ListDeploymentResourcePoolsResponse::getDeploymentResourcePoolsList,
            ListDeploymentResourcePoolsResponse::getNextPageToken)
        .stream()
        .filter(pool -> VertexNames.id(pool.getName()).startsWith(VertexNames.PREFIX))
        .map(pool -> Listed.of(
            new ResourceRef(PoolSpec.KIND.name(), VertexNames.id(pool.getName())),
            VertexTimes.instant(pool.getCreateTime())))
        .toList();
  }

  @Override
  public Optional<String> cannotUpdate(PoolSpec actual, PoolSpec desired) {
    return actual.cannotBecome(desired);
  }

  @Override
  public boolean matches(PoolSpec desired, PoolSpec actual) {
    return actual.machine().isAs(desired.machine())
        && actual.cannotBecome(desired).isEmpty();
  }

  @Override
  public boolean mayUse(String kind) {
    return false;
  }
}
