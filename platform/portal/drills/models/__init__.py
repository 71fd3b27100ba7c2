from portal.drills.models.drill import DRILL_STATES, OPEN, Drill, DrillState
from portal.drills.models.drill_project import DrillProject

__all__ = ["DRILL_STATES", "OPEN", "Drill", "DrillProject", "DrillState"]
