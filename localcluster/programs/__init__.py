"""The cluster's programs, compiled from the Go modules in `localcluster/go` and kept in the cache."""

from localcluster.programs.ensure import ensure, store_of
from localcluster.programs.keeping import note_user, users
from localcluster.programs.recipe import PROGRAMS

__all__ = ["PROGRAMS", "ensure", "note_user", "store_of", "users"]
